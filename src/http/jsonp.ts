import type { IncomingMessage } from 'node:http';

/** Characters of a JavaScript name, and nothing that could end one: the answer is run as a script. */
const CALLBACK = /^[A-Za-z0-9_.$]{1,128}$/;
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'DELETE']);

/** Whether `callback` of a query may be written into a script. */
export function isCallback(name: string): boolean {
  return CALLBACK.test(name);
}

/** The `callback` of a query; undefined when there is none. A repeated one is none that can be used. */
export function callbackOf(query: unknown): string | undefined {
  const value = (query as { callback?: unknown } | undefined)?.callback;
  return value === undefined ? undefined : String(value);
}

/**
 * A script can only GET, so that SRS lets it name another method beside its `callback`. To be called
 * before the request is routed. @return the url, unchanged.
 */
export function takeMethodOfScript(request: Pick<IncomingMessage, 'url' | 'method'>): string {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  if (request.method === 'GET' && at >= 0 && url.includes('callback=', at)) {
    const query = new URLSearchParams(url.slice(at + 1));
    const method = query.get('method') ?? '';
    if (isCallback(query.get('callback') ?? '') && METHODS.has(method)) {
      request.method = method;
    }
  }
  return url;
}
