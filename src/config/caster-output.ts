/** What `output` of a caster names. */
export interface CasterOutput {
  /** Host of the url: a candidate for the vhost. */
  readonly host: string;
  readonly app: string;
  readonly stream: string;
  /** With its `?`; empty when there is none. */
  readonly query: string;
}

/**
 * Reads `rtmp://host[:port]/app/stream[?query]`, whose parts may hold `[app]` and `[stream]`.
 * @returns undefined when it is no such url.
 */
export function parseCasterOutput(output: string): CasterOutput | undefined {
  const found = /^rtmp:\/\/(\[[^\]/]+\]|[^:/?]+)(?::\d+)?\/([^?]+)\/([^/?]+)(\?.*)?$/.exec(output);
  const [, host, app, stream, query = ''] = found ?? [];
  return host && app && stream
    ? { host: host.replace(/^\[(.*)\]$/, '$1'), app, stream, query }
    : undefined;
}
