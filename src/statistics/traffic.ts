import { ByteRates, type Kbps } from './byte-rates.ts';

/** Bytes that a client, a stream, a vhost or the server received and sent, and how fast. */
export class Traffic {
  received = 0;
  sent = 0;
  readonly #rates: ByteRates;

  /** @param startMs  monotonic. */
  constructor(startMs: number) {
    this.#rates = new ByteRates(startMs);
  }

  add(received: number, sent: number): void {
    this.received += received;
    this.sent += sent;
  }

  /** To be called after each report of the engine. @param atMs  when that was made. */
  note(atMs: number): void {
    this.#rates.note(atMs, this.received, this.sent);
  }

  /** Of the last 30 s, or of the life so far. */
  get kbps(): Kbps {
    return this.#rates.average;
  }

  /** Of the last second. */
  get kbpsNow(): Kbps {
    return this.#rates.now;
  }
}
