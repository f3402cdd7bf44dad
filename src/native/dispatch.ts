import type { EngineEvent } from './boundary/engine.ts';

/** One function for each type of event. */
export type EventHandlers = {
  readonly [T in EngineEvent['type']]: (event: Extract<EngineEvent, { type: T }>) => void;
};

/**
 * Hands each event to its handler. A handler that throws costs its own event only.
 * @param onFault  told about what was thrown; must not throw.
 */
export function dispatch(
  events: readonly EngineEvent[],
  handlers: EventHandlers,
  onFault: (error: unknown, event: EngineEvent) => void,
): void {
  for (const event of events) {
    try {
      (handlers[event.type] as (event: EngineEvent) => void)(event);
    } catch (error) {
      onFault(error, event);
    }
  }
}
