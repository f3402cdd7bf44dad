import type { LogLevel } from './level.ts';
import type { Logger } from './logger.ts';

const PERIOD_MS = 1000;
/** Kinds that are told apart in one period; a flood of new kinds shares one count. */
const MAX_KINDS = 1024;
const OTHERS = '';

interface Kind {
  written: number;
  repeated: number;
  level: LogLevel;
  last: string;
}

/**
 * Lets few lines of each kind through in a second and folds the others into one line with their count
 * and the last of them. Whoever can cause lines from outside could otherwise fill the disk.
 */
export class RepeatedLines {
  readonly #log: Logger;
  readonly #linesPerSecond: number;
  #kinds = new Map<string, Kind>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param log  context of the lines that tell how often others were repeated.
   * @param linesPerSecond  lines of one kind that are written in a second; what follows is counted.
   */
  constructor(log: Logger, linesPerSecond: number) {
    this.#log = log;
    this.#linesPerSecond = linesPerSecond;
  }

  /**
   * Writes `message` with `log`, or counts it.
   * @param kind  what counts as the same, e.g. an error code and an address.
   */
  write(log: Logger, level: LogLevel, kind: string, message: string, errno?: number): void {
    const counted = this.#kindOf(kind, level);
    if (counted.written < this.#linesPerSecond) {
      counted.written += 1;
      log.log(level, message, errno);
    } else {
      counted.repeated += 1;
      counted.last = message;
    }
    this.#timer ??= setTimeout(() => this.flush(), PERIOD_MS).unref();
  }

  /** Tells what was counted, and starts a new period. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { repeated, level, last } of this.#kinds.values()) {
      if (repeated > 0) {
        this.#log.log(level, `repeated ${repeated} times in a second, last: ${last}`);
      }
    }
    this.#kinds = new Map();
  }

  #kindOf(name: string, level: LogLevel): Kind {
    const known = this.#kinds.get(name);
    if (known) {
      return known;
    }
    if (this.#kinds.size >= MAX_KINDS && name !== OTHERS) {
      return this.#kindOf(OTHERS, level);
    }
    const kind: Kind = { written: 0, repeated: 0, level, last: '' };
    this.#kinds.set(name, kind);
    return kind;
  }
}
