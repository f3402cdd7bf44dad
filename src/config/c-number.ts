/**
 * Numbers as the C library reads them, because that is what existing configuration files were
 * written against: white space, a sign, the leading number, and whatever follows is ignored.
 */

/** `atoi`/`atoll`: the leading integer, 0 when there is none. Kept within the exact range of a double. */
export function atoi(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1];
  if (digits === undefined) {
    return 0;
  }
  const value = Number(digits);
  // `+ 0` turns -0 into 0.
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value)) + 0;
}

/** `atof`: the leading decimal number, 0 when there is none. Never NaN or infinite. */
export function atof(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/.exec(text)?.[1];
  if (digits === undefined) {
    return 0;
  }
  const value = Number(digits);
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)) + 0;
}
