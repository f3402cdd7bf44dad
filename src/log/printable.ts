/**
 * Text that stays on one line and cannot steer a terminal: what peers send ends up in log lines, and
 * must not forge any. Control characters (C0, DEL, C1) and the line separators of Unicode are written
 * as escapes, `\r\n` style where there is one.
 */
export function printable(text: string): string {
  return text.search(UNPRINTABLE) < 0 ? text : text.replace(UNPRINTABLE_ALL, escapeOf);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const UNPRINTABLE_ALL = new RegExp(UNPRINTABLE, 'g');
const NAMED: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return (
    NAMED[character] ??
    (code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`)
  );
}
