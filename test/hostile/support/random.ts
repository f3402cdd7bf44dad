/**
 * Bytes and numbers that look random and are the same in every run with the same seed (mulberry32), so
 * that what went wrong once goes wrong again.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number of 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) % below;
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 1) {
      bytes[at] = this.below(256);
    }
    return bytes;
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  /** A copy with some bytes changed, doubled or cut out. */
  mutate(bytes: Buffer, changes: number): Buffer {
    let result = Buffer.from(bytes);
    for (let change = 0; change < changes && result.length > 0; change += 1) {
      const at = this.below(result.length);
      const end = at + this.below(Math.min(32, result.length - at));
      switch (this.below(4)) {
        case 0:
          result[at] = this.below(256);
          break;
        case 1:
          result[at] = this.pick([0, 1, 0x7f, 0x80, 0xfe, 0xff]);
          break;
        case 2:
          result = Buffer.concat([result.subarray(0, end), result.subarray(at)]);
          break;
        default:
          result = Buffer.concat([result.subarray(0, at), result.subarray(end)]);
      }
    }
    return result;
  }
}

/** Set `MILLRACE_HOSTILE_SEED` to try other bytes. */
export const seed = Number(process.env.MILLRACE_HOSTILE_SEED ?? 20_260_131);

/** How much longer than in CI the attacks that repeat are to run: `MILLRACE_HOSTILE_SCALE`. */
export const scale = Number(process.env.MILLRACE_HOSTILE_SCALE ?? 1);
