/** Deepest nesting of a body: nothing that is asked for has more than a few. */
export const MAX_JSON_DEPTH = 32;

/**
 * Looks how deep a text nests before anything is built from it.
 * @return whether objects and lists stand in each other at most `limit` deep.
 */
export function isShallow(text: string, limit = MAX_JSON_DEPTH): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === 0x5c /* \ */) {
        at += 1;
      } else if (code === 0x22 /* " */) {
        inText = false;
      }
    } else if (code === 0x22) {
      inText = true;
    } else if (code === 0x5b /* [ */ || code === 0x7b /* { */) {
      depth += 1;
      if (depth > limit) {
        return false;
      }
    } else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
    }
  }
  return true;
}
