import type { Publication, StreamRegistry } from './registry.ts';

/** How often publishers without players are looked for: what SRS does, and exact enough for seconds. */
const CHECK_EVERY_MS = 3000;

/**
 * Ends publishers that nobody has played for `publish.kickoff_for_idle` (SRS).
 */
export class IdlePublishers {
  readonly #registry: StreamRegistry;
  readonly #limitMsOf: (publication: Publication) => number;
  readonly #kick: (publication: Publication) => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param limitMsOf  longest time without a player; 0 is no limit. Asked at each check, so that a
   *   reload takes effect.
   * @param kick  ends the publisher's session.
   */
  constructor(
    registry: StreamRegistry,
    limitMsOf: (publication: Publication) => number,
    kick: (publication: Publication) => void,
  ) {
    this.#registry = registry;
    this.#limitMsOf = limitMsOf;
    this.#kick = kick;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.check(), CHECK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  check(): void {
    const idle = [...this.#registry.unplayed()].filter(({ publication, unplayedMs }) => {
      const limitMs = this.#limitMsOf(publication);
      return limitMs > 0 && unplayedMs >= limitMs;
    });
    for (const { publication } of idle) {
      this.#kick(publication);
    }
  }
}
