import { setMaxListeners } from 'node:events';
import { pause } from '../pause.ts';

/** Waits between the attempts to tell one thing: 1 s, then twice as long each time. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** Something to tell that nobody waits for. */
export interface Delivery {
  /** What it is about, e.g. a stream and a client: it is told after everything queued about any of them. */
  readonly about: readonly string[];
  /** One attempt. */
  tell(signal: AbortSignal): Promise<void>;
  /** Whether an attempt that failed so is to be repeated, and how often at most. */
  retries(error: unknown): number;
  /** After the last attempt. */
  failed(error: unknown): void;
}

/**
 * Tells things one after another where they are about the same, and at the same time where they are not;
 * again and again when it fails, with pauses that grow. Bounded: what does not fit is dropped.
 */
export class DeliveryQueue {
  readonly #maxPending: number;
  /** Aborted when the server stops: nothing is tried again. */
  readonly #stopping = new AbortController();
  /** Aborted when it waits no longer. */
  readonly #stopped = new AbortController();
  /** The end of the last thing queued about each. */
  readonly #tails = new Map<string, Promise<void>>();
  #pending = 0;

  constructor(maxPending: number) {
    this.#maxPending = maxPending;
    // As many listeners as there are things to tell: no leak.
    setMaxListeners(0, this.#stopping.signal, this.#stopped.signal);
  }

  /** Things that are not told yet. */
  get pending(): number {
    return this.#pending;
  }

  /** @return false when the queue is full: it is dropped. */
  add(delivery: Delivery): boolean {
    if (this.#pending >= this.#maxPending || this.#stopped.signal.aborted) {
      return false;
    }
    this.#pending += 1;
    const before = delivery.about.map((what) => this.#tails.get(what));
    const done = Promise.all(before)
      .then(() => this.#deliver(delivery))
      .finally(() => {
        this.#pending -= 1;
        for (const what of delivery.about) {
          if (this.#tails.get(what) === done) {
            this.#tails.delete(what);
          }
        }
      });
    for (const what of delivery.about) {
      this.#tails.set(what, done);
    }
    return true;
  }

  /** Resolves when everything that is queued about `what` by now is told, or given up. */
  async settled(what: string): Promise<void> {
    await this.#tails.get(what);
  }

  /** Tells what is queued, once each, and resolves when that is done, or after `limitMs`. */
  async close(limitMs: number): Promise<void> {
    const reason = new Error('the server stops');
    this.#stopping.abort(reason);
    const limit = setTimeout(() => this.#stopped.abort(reason), limitMs);
    await Promise.all(this.#tails.values());
    clearTimeout(limit);
    this.#stopped.abort(reason);
  }

  /** Never rejects. */
  async #deliver(delivery: Delivery): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let failures = 1; ; failures += 1) {
      try {
        this.#stopped.signal.throwIfAborted();
        await delivery.tell(this.#stopped.signal);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted || failures > delivery.retries(error)) {
          delivery.failed(error);
          return;
        }
      }
      // Cut short by the stop of the server, for the last attempt.
      await pause(pauseMs, this.#stopping.signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
}
