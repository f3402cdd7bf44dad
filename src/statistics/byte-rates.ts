/** The window of the averages, ms. */
const WINDOW_MS = 30_000;
/** Points that are kept of it, beside the newest. */
const POINT_EVERY_MS = 3000;
const POINTS = WINDOW_MS / POINT_EVERY_MS + 1;
/** Time, received, sent. */
const WIDTH = 3;

/** kbps of the two directions. */
export interface Kbps {
  readonly received: number;
  readonly sent: number;
}

const NONE: Kbps = { received: 0, sent: 0 };

/**
 * How fast two counters of bytes grow: over the last 30 s, or since the beginning while that is less,
 * so that it is right from the first report on; and between the last two reports.
 */
export class ByteRates {
  readonly #points = new Float64Array(POINTS * WIDTH);
  #count = 1;
  /** Oldest point. */
  #first = 0;
  readonly #latest = new Float64Array(WIDTH);
  readonly #before = new Float64Array(WIDTH);

  /** @param startMs  when both counters were zero; monotonic. */
  constructor(startMs: number) {
    this.#points[0] = startMs;
    this.#latest[0] = startMs;
    this.#before[0] = startMs;
  }

  /** Takes both counters as they are at `atMs`; what is not newer than the last time is passed over. */
  note(atMs: number, received: number, sent: number): void {
    if (atMs <= (this.#latest[0] ?? 0)) {
      return;
    }
    this.#before.set(this.#latest);
    this.#latest[0] = atMs;
    this.#latest[1] = received;
    this.#latest[2] = sent;
    const newest = this.#place(this.#count - 1);
    if (atMs - (this.#points[newest] ?? 0) >= POINT_EVERY_MS) {
      this.#keep();
    }
  }

  /** Average of the last 30 s, or of all the time there is. */
  get average(): Kbps {
    const latest = this.#latest[0] ?? 0;
    let oldest = 0;
    while (
      oldest < this.#count - 1 &&
      latest - (this.#points[this.#place(oldest)] ?? 0) > WINDOW_MS
    ) {
      oldest += 1;
    }
    const at = this.#place(oldest);
    return between(this.#points.subarray(at, at + WIDTH), this.#latest);
  }

  /** Between the last two reports. */
  get now(): Kbps {
    return between(this.#before, this.#latest);
  }

  #place(index: number): number {
    return ((this.#first + index) % POINTS) * WIDTH;
  }

  #keep(): void {
    if (this.#count === POINTS) {
      this.#first = (this.#first + 1) % POINTS;
      this.#count -= 1;
    }
    this.#points.set(this.#latest, this.#place(this.#count));
    this.#count += 1;
  }
}

function between(from: Float64Array, to: Float64Array): Kbps {
  const ms = (to[0] ?? 0) - (from[0] ?? 0);
  if (ms <= 0) {
    return NONE;
  }
  // Bits per ms are kbit per s.
  return {
    received: Math.round((((to[1] ?? 0) - (from[1] ?? 0)) * 8) / ms),
    sent: Math.round((((to[2] ?? 0) - (from[2] ?? 0)) * 8) / ms),
  };
}
