import { describe, expect, it } from 'vitest';
import { formatLine, type LogRecord, MAX_LINE_BYTES } from './line.ts';

const record: LogRecord = {
  level: 'info',
  timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  pid: 42,
  cid: 'a1b2c3d4',
  message: 'RTMP client ip=192.0.2.1',
  errno: 0,
};

function line(changes: Partial<LogRecord>): string {
  return formatLine({ ...record, ...changes }, true);
}

describe('formatLine', () => {
  it.each<[string, Partial<LogRecord>, string]>([
    ['info', {}, '[2026-01-02 03:04:05.006][INFO][42][a1b2c3d4] RTMP client ip=192.0.2.1\n'],
    [
      'trace',
      { level: 'trace', message: 'x' },
      '[2026-01-02 03:04:05.006][TRACE][42][a1b2c3d4] x\n',
    ],
    [
      'debug',
      { level: 'debug', message: 'x' },
      '[2026-01-02 03:04:05.006][DEBUG][42][a1b2c3d4] x\n',
    ],
    [
      'warn has the error number',
      { level: 'warn', message: 'x', errno: 11 },
      '[2026-01-02 03:04:05.006][WARN][42][a1b2c3d4][11] x\n',
    ],
    [
      'error has its text too',
      { level: 'error', message: 'x', errno: 104 },
      '[2026-01-02 03:04:05.006][ERROR][42][a1b2c3d4][104] x(connection reset by peer)\n',
    ],
    [
      'error without number',
      { level: 'error', message: 'x' },
      '[2026-01-02 03:04:05.006][ERROR][42][a1b2c3d4][0] x\n',
    ],
  ])('%s', (_, changes, expected) => {
    expect(line(changes)).toBe(expected);
  });

  it('writes local time unless told otherwise', () => {
    const local = new Date(record.timeMs);
    const hour = String(local.getHours()).padStart(2, '0');
    expect(formatLine(record, false)).toContain(` ${hour}:04:05.006]`);
  });

  it('keeps a peer from forging lines or steering the terminal', () => {
    const forged = line({ message: 'a\r\n[2026-01-02] b\u001b[2J\u0085\u2028\0\tc' });
    const reordered = line({ message: 'a\u202eb\u200bc\ufeffd\u{e0041}e' });
    expect(reordered).toContain('a\\u202eb\\u200bc\\ufeffd\\u{e0041}e\n');
    expect(forged).toMatch(/^[^\n]*\n$/);
    expect(forged).toContain('a\\r\\n[2026-01-02] b\\x1b[2J\\x85\\u2028\\x00\\tc\n');
  });

  it.each([
    ['ASCII', 'x'],
    ['two bytes', '\u00e9'],
    ['three bytes', '\u4f60'],
    ['four bytes', '\u{1f600}'],
  ])('cuts a line of %s that is too long, and between characters', (_, character) => {
    const cut = line({ message: character.repeat(10_000) });
    const bytes = Buffer.byteLength(cut);
    expect(bytes).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(bytes).toBeGreaterThan(MAX_LINE_BYTES - 8);
    expect(cut.endsWith(`${character}...\n`)).toBe(true);
  });
});
