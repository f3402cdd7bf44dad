import { writeSync } from 'node:fs';
import { randomId } from '../identity/random-id.ts';
import type { LogLevel } from '../log/level.ts';
import { formatLine } from '../log/line.ts';
import type { LogSink } from '../log/sink.ts';

/**
 * Where lines go before the configuration was read, and those of `-t`: standard output, from warnings
 * on standard error. Written at once, because the process may end with them.
 */
export const startSink: LogSink = {
  write: (line, level) => print(level === 'warn' || level === 'error' ? 2 : 1, line),
  reopen: () => {},
  close: () => Promise.resolve(),
};

const START_CID = randomId(8);

/** Writes one line in the format of the log, in local time. */
export function startLine(level: LogLevel, message: string): void {
  const timeMs = Date.now();
  const { pid } = process;
  startSink.write(
    formatLine({ level, timeMs, pid, cid: START_CID, message, errno: 0 }, false),
    level,
  );
}

/** Writes text for a person. A terminal or pipe that takes nothing is no reason to fail. */
export function print(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // There is nowhere else to say it.
  }
}
