import { EventEmitter } from 'node:events';
import { ServerError } from '../errors/server-error.ts';
import { type StreamKey, streamUrl } from './stream-key.ts';

/** Who publishes or plays, as far as the registry needs to know. */
export interface Peer {
  /** Session of the engine. */
  readonly id: number;
  /** Context id. */
  readonly cid: string;
  readonly protocol: string;
  readonly ip: string;
}

/** One peer that publishes a stream, from its acceptance until it ends. */
export interface Publication {
  readonly key: StreamKey;
  readonly url: string;
  readonly peer: Peer;
  /** Monotonic, ms. */
  readonly startedAtMs: number;
}

/** One peer that plays a stream, or waits for somebody to publish it. */
export interface Playback {
  readonly key: StreamKey;
  readonly url: string;
  readonly peer: Peer;
}

/** What is known about one name. Made by a publisher, or by the first of the players that wait for one. */
interface Entry {
  readonly url: string;
  publication: Publication | undefined;
  /** Context ids of who publishes, and of who did before: `source_id` of the log. */
  sourceId: string;
  previousSourceId: string;
  readonly playbacks: Set<Playback>;
  /** Monotonic, ms; since when the publisher has no player. */
  unplayedSinceMs: number;
}

/** A view of one stream or waited-for name. */
export interface StreamState {
  readonly url: string;
  readonly publication: Publication | undefined;
  readonly players: number;
  /** Context id of the present publisher, or the last one; empty when there was none. */
  readonly sourceId: string;
  readonly previousSourceId: string;
}

export interface RegistryEvents {
  published: [Publication];
  unpublished: [Publication];
  playing: [Playback];
  stopped: [Playback];
}

/** Bounds of the registry; asked each time, so that a reload takes effect. */
export interface RegistryLimits {
  /** Players that may wait for streams nobody publishes. */
  readonly maxWaiting: () => number;
}

/**
 * Who publishes and who plays each stream, across all protocols. Everything happens at once: a claim
 * that is granted holds until it is released, and a released name is free for the next claim.
 */
export class StreamRegistry extends EventEmitter<RegistryEvents> {
  readonly #entries = new Map<string, Entry>();
  /** Who waits for a name to be free. */
  readonly #freed = new Map<string, Set<() => void>>();
  readonly #limits: RegistryLimits;
  readonly #now: () => number;
  #waiting = 0;

  /** @param now  monotonic clock, ms. */
  constructor(limits: RegistryLimits, now: () => number = () => performance.now()) {
    super();
    this.#limits = limits;
    this.#now = now;
  }

  /** Number of streams that are published. */
  get published(): number {
    let count = 0;
    for (const { publication } of this.#entries.values()) {
      count += publication ? 1 : 0;
    }
    return count;
  }

  /** Players that wait for streams nobody publishes. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Gives the name to a publisher.
   * @throws ServerError `STREAM_BUSY` when another has it.
   */
  claim(key: StreamKey, peer: Peer): Publication {
    const url = streamUrl(key);
    const entry = this.#entryOf(url);
    if (entry.publication) {
      throw new ServerError('STREAM_BUSY', `${url} is published by ${entry.publication.peer.cid}`);
    }
    const publication: Publication = { key, url, peer, startedAtMs: this.#now() };
    entry.publication = publication;
    entry.previousSourceId = entry.sourceId;
    entry.sourceId = peer.cid;
    entry.unplayedSinceMs = publication.startedAtMs;
    this.#waiting -= entry.playbacks.size;
    this.emit('published', publication);
    return publication;
  }

  /** Frees the name; its players wait from now on. Does nothing for one that was released before. */
  release(publication: Publication): void {
    const entry = this.#entries.get(publication.url);
    if (entry?.publication !== publication) {
      return;
    }
    entry.publication = undefined;
    this.#waiting += entry.playbacks.size;
    this.#forgetUnused(entry);
    this.emit('unpublished', publication);
    for (const tell of this.#freed.get(publication.url) ?? []) {
      tell();
    }
  }

  /**
   * Resolves when nobody publishes a stream, or at the abort of `signal`. Who waits first gets it.
   * @param url  see `streamUrl`.
   */
  async whenFree(url: string, signal: AbortSignal): Promise<void> {
    if (this.#entries.get(url)?.publication === undefined || signal.aborted) {
      return;
    }
    const waiting = this.#freed.get(url) ?? new Set();
    this.#freed.set(url, waiting);
    let tell = (): void => {};
    await new Promise<void>((resolve) => {
      tell = resolve;
      waiting.add(tell);
      signal.addEventListener('abort', tell, { once: true });
    });
    signal.removeEventListener('abort', tell);
    waiting.delete(tell);
    if (waiting.size === 0) {
      this.#freed.delete(url);
    }
  }

  /**
   * Adds a player, whether or not somebody publishes.
   * @throws ServerError `QUEUE_FULL` when nobody does and too many players wait already.
   */
  join(key: StreamKey, peer: Peer): Playback {
    const url = streamUrl(key);
    const waits = this.#entries.get(url)?.publication === undefined;
    if (waits && this.#waiting >= this.#limits.maxWaiting()) {
      throw new ServerError('QUEUE_FULL', `${this.#waiting} players wait for streams already`);
    }
    const entry = this.#entryOf(url);
    const playback: Playback = { key, url, peer };
    entry.playbacks.add(playback);
    this.#waiting += waits ? 1 : 0;
    this.emit('playing', playback);
    return playback;
  }

  /** Takes a player out. Does nothing for one that left before. */
  leave(playback: Playback): void {
    const entry = this.#entries.get(playback.url);
    if (!entry?.playbacks.delete(playback)) {
      return;
    }
    if (entry.publication === undefined) {
      this.#waiting -= 1;
    } else if (entry.playbacks.size === 0) {
      entry.unplayedSinceMs = this.#now();
    }
    this.#forgetUnused(entry);
    this.emit('stopped', playback);
  }

  /** @param url  see `streamUrl`. */
  get(url: string): StreamState | undefined {
    const entry = this.#entries.get(url);
    return entry && stateOf(entry);
  }

  /** Who plays a stream, or waits for it. @param url  see `streamUrl`. */
  players(url: string): Iterable<Playback> {
    return this.#entries.get(url)?.playbacks ?? [];
  }

  /** All streams that are published or waited for. */
  *states(): IterableIterator<StreamState> {
    for (const entry of this.#entries.values()) {
      yield stateOf(entry);
    }
  }

  /** Publishers that nobody plays, each with how long that has been so, in ms. */
  *unplayed(): IterableIterator<{ publication: Publication; unplayedMs: number }> {
    const now = this.#now();
    for (const { publication, playbacks, unplayedSinceMs } of this.#entries.values()) {
      if (publication && playbacks.size === 0) {
        yield { publication, unplayedMs: now - unplayedSinceMs };
      }
    }
  }

  #entryOf(url: string): Entry {
    const known = this.#entries.get(url);
    if (known) {
      return known;
    }
    const entry: Entry = {
      url,
      publication: undefined,
      sourceId: '',
      previousSourceId: '',
      playbacks: new Set(),
      unplayedSinceMs: 0,
    };
    this.#entries.set(url, entry);
    return entry;
  }

  /** A name that nobody publishes and nobody waits for must not be remembered: strangers make names. */
  #forgetUnused(entry: Entry): void {
    if (entry.publication === undefined && entry.playbacks.size === 0) {
      this.#entries.delete(entry.url);
    }
  }
}

function stateOf({ url, publication, playbacks, sourceId, previousSourceId }: Entry): StreamState {
  return { url, publication, players: playbacks.size, sourceId, previousSourceId };
}
