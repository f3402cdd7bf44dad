/** What {@link pageQuery} of the schemas makes of a query. */
export interface PageQuery {
  readonly start: number;
  readonly count: number;
}

/** A part of a list; what is not shown is not looked at. */
export function pageOf<T, R>(
  entries: Iterable<T>,
  { start, count }: PageQuery,
  show: (entry: T) => R,
): R[] {
  const page: R[] = [];
  let at = 0;
  for (const entry of entries) {
    if (page.length >= count) {
      break;
    }
    if (at >= start) {
      page.push(show(entry));
    }
    at += 1;
  }
  return page;
}
