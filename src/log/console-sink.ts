import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { ByteQueue } from './byte-queue.ts';
import type { LogLevel } from './level.ts';
import type { LogSink } from './sink.ts';

const STDOUT = 1;
const CLOSE_LIMIT_MS = 500;
/** SGR sequences: warnings yellow, errors red. */
const COLOURS: Partial<Record<LogLevel, string>> = { warn: '\u001b[33m', error: '\u001b[31m' };
const COLOUR_END = '\u001b[0m';

/** Writes to standard output, warnings and errors in colour. */
export class ConsoleSink implements LogSink {
  readonly #queue: ByteQueue;

  constructor() {
    this.#queue = new ByteQueue(openStdout(), (fd) => {
      if (fd !== STDOUT) {
        closeSync(fd);
      }
    });
  }

  write(line: string, level: LogLevel): void {
    const colour = COLOURS[level];
    this.#queue.push(colour ? `${colour}${line.slice(0, -1)}${COLOUR_END}\n` : line);
  }

  reopen(): void {}

  close(): Promise<void> {
    return this.#queue.close(CLOSE_LIMIT_MS);
  }

  /** See {@link ByteQueue.flushSync}. */
  flushSync(): void {
    this.#queue.flushSync();
  }
}

/**
 * Standard output as an open file of our own that does not block: a reader that stopped (a terminal on
 * hold, a hung collector) would otherwise keep a thread for ever and the process from ending. Descriptor
 * 1 itself is shared with the parent, and must stay as it is. Regular files never block, and share their
 * position with whoever else writes to them; sockets cannot be opened. Both are written as they are.
 */
function openStdout(): number {
  try {
    const kind = fstatSync(STDOUT);
    return kind.isFIFO() || kind.isCharacterDevice()
      ? openSync(`/proc/self/fd/${STDOUT}`, constants.O_WRONLY | constants.O_NONBLOCK)
      : STDOUT;
  } catch {
    return STDOUT;
  }
}
