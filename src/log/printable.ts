/**
 * Text that stays on one line and cannot steer a terminal: what peers send ends up in log lines, and
 * must not forge any. Control characters (C0, DEL, C1), the line separators of Unicode, and what changes
 * the order or the look of other characters without being seen (format characters, as U+202E) are written
 * as escapes, `\r\n` style where there is one.
 */
export function printable(text: string): string {
  return text.search(UNPRINTABLE) < 0 ? text : text.replace(UNPRINTABLE_ALL, escapeOf);
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const UNPRINTABLE_ALL = new RegExp(UNPRINTABLE, 'gu');
const NAMED: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) {
    return NAMED[character] ?? `\\x${hex.padStart(2, '0')}`;
  }
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
