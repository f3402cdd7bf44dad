import type { EventEmitter } from 'node:events';
import { describeError } from './errors/server-error.ts';
import type { OpenListener } from './listeners.ts';
import type { Logger } from './log/logger.ts';
import type { StreamTracks } from './native/boundary/stream.ts';
import type { ReloadPlan } from './reload/reload-plan.ts';
import type { Playback, Publication, StreamRegistry } from './streams/registry.ts';

/** One peer that publishes or plays, in events. */
export interface StreamEvent {
  /** Whole name of the stream, e.g. `/live/livestream`. */
  readonly streamUrl: string;
  /** `__defaultVhost__` for names without a vhost of their own. */
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** Context id of the peer: the same in log lines, hooks and callbacks. */
  readonly clientId: string;
  readonly protocol: string;
  readonly ip: string;
}

/** What a server tells. A listener that throws is logged and harms nothing else. */
export interface ServerEvents {
  /** All ports are open. */
  listening: [listeners: readonly OpenListener[]];
  /** A publisher was admitted. */
  publish: [publisher: StreamEvent];
  /** A publisher has gone; its name is free. */
  unpublish: [publisher: StreamEvent];
  /** A player was admitted; it may still wait for a publisher. */
  play: [player: StreamEvent];
  /** A player has gone. */
  stop: [player: StreamEvent];
  /** The tracks of a stream became known, or changed. */
  tracks: [tracks: StreamTracks];
  /** Another configuration is in force. */
  reload: [plan: ReloadPlan];
  /** Everything is closed. */
  close: [];
}

/** Emits the events of a server: the listeners are another program's, and must not stop it. */
export function tell<E extends keyof ServerEvents>(
  emitter: EventEmitter<ServerEvents>,
  log: Logger,
  event: E,
  ...args: ServerEvents[E]
): void {
  try {
    (emitter as EventEmitter).emit(event, ...args);
  } catch (error) {
    log.error(`listener of "${event}": ${describeError(error)}`);
  }
}

/** Makes the registry's changes events of the server. */
export function tellRegistryEvents(
  registry: StreamRegistry,
  emit: (event: 'publish' | 'unpublish' | 'play' | 'stop', what: StreamEvent) => void,
): void {
  registry.on('published', (publication) => emit('publish', streamEvent(publication)));
  registry.on('unpublished', (publication) => emit('unpublish', streamEvent(publication)));
  registry.on('playing', (playback) => emit('play', streamEvent(playback)));
  registry.on('stopped', (playback) => emit('stop', streamEvent(playback)));
}

function streamEvent({ key, url, peer }: Publication | Playback): StreamEvent {
  const { cid, protocol, ip } = peer;
  return { streamUrl: url, ...key, clientId: cid, protocol, ip };
}
