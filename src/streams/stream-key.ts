import { DEFAULT_VHOST } from '../config/millrace-config.ts';

/** The three parts of a stream's name. The vhost is a configured one: names of none were renamed. */
export interface StreamKey {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
}

/**
 * The whole name as API, callbacks and log write it: `/live/livestream`, or
 * `example.com/live/livestream` for a vhost other than the default one. No two keys share one, because
 * a stream name holds no slash.
 */
export function streamUrl({ vhost, app, stream }: StreamKey): string {
  return `${vhost === DEFAULT_VHOST ? '' : vhost}/${app}/${stream}`;
}

/** The vhost of a {@link streamUrl}. */
export function vhostOf(url: string): string {
  return url.slice(0, url.indexOf('/')) || DEFAULT_VHOST;
}
