/**
 * Whether a pattern of paths names a stream. `*` stands for any part of one segment, a segment `**` for
 * any number of segments; a slash in front means nothing.
 * @param path  `app/stream`.
 */
export function matchesPath(pattern: string, path: string): boolean {
  return fits(pattern.replace(/^\//, '').split('/'), path.split('/'), '**', (part, segment) =>
    fits([...part], [...segment], '*', (one, other) => one === other),
  );
}

/**
 * Compares lists, where one item of the pattern may stand for any number of items. Its time is at most
 * the product of both lengths: on a mismatch only the last such item takes one more.
 */
function fits(
  pattern: readonly string[],
  items: readonly string[],
  any: string,
  same: (part: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let anyAt = -1;
  let taken = 0;
  while (item < items.length) {
    const part = pattern[at];
    if (part === any) {
      anyAt = at;
      taken = item;
      at += 1;
    } else if (part !== undefined && same(part, items[item] ?? '')) {
      at += 1;
      item += 1;
    } else if (anyAt >= 0) {
      taken += 1;
      item = taken;
      at = anyAt + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((part) => part === any);
}
