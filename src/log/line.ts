import { getSystemErrorMap } from 'node:util';
import type { LogLevel } from './level.ts';
import { printable } from './printable.ts';

/** One thing to log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** Wall clock, ms since 1970. */
  readonly timeMs: number;
  readonly pid: number;
  /** Context id: 8 characters [0-9a-z] that all lines about one session share. */
  readonly cid: string;
  readonly message: string;
  /** System error number, positive; 0 for none. Shown by warnings and errors only. */
  readonly errno: number;
}

/** Longest line in bytes of UTF-8, its line feed included. */
export const MAX_LINE_BYTES = 8192;

const CUT = '...';

/**
 * A record as SRS writes it, with its line feed:
 * `[2026-01-31 23:59:59.123][WARN][pid][cid][errno] message`. A line that would be too long is cut, so
 * that what it is about is not lost.
 * @param utc  UTC instead of local time.
 */
export function formatLine(record: LogRecord, utc: boolean): string {
  const { level, timeMs, pid, cid, message, errno } = record;
  const severe = level === 'warn' || level === 'error';
  const number = severe ? `[${errno}]` : '';
  const reason = level === 'error' && errno !== 0 ? `(${systemErrorText(errno)})` : '';
  const head = `[${formatTime(timeMs, utc)}][${level.toUpperCase()}][${pid}][${cid}]${number} `;
  return `${cutToBytes(head + printable(message) + reason, MAX_LINE_BYTES - 1)}\n`;
}

function formatTime(timeMs: number, utc: boolean): string {
  const time = new Date(timeMs);
  const [year, month, day, hour, minute, second, ms] = utc
    ? [
        time.getUTCFullYear(),
        time.getUTCMonth(),
        time.getUTCDate(),
        time.getUTCHours(),
        time.getUTCMinutes(),
        time.getUTCSeconds(),
        time.getUTCMilliseconds(),
      ]
    : [
        time.getFullYear(),
        time.getMonth(),
        time.getDate(),
        time.getHours(),
        time.getMinutes(),
        time.getSeconds(),
        time.getMilliseconds(),
      ];
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(hour)}:${two(minute)}:${two(second)}.${String(ms).padStart(3, '0')}`;
  return `${year}-${two(month + 1)}-${two(day)} ${clock}`;
}

/** What the system calls an error number. */
function systemErrorText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? 'unknown error';
}

function cutToBytes(text: string, maxBytes: number): string {
  // A UTF-16 unit takes 3 bytes at most, so that most lines need not be measured.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) {
    return text;
  }
  const bytes = Buffer.from(text).subarray(0, maxBytes - CUT.length);
  // A character that was cut in two decodes to U+FFFD, which may be longer than what it stands for.
  return `${bytes.toString().replace(/\ufffd+$/, '')}${CUT}`;
}
