import { ServerError } from '../errors/server-error.ts';
import type { SrtSocketOptions } from '../native/boundary.ts';

/** Where a call goes, and how: `srt://host[:port]?streamid=&passphrase=&latency=&pbkeylen=`. */
export interface SrtUrl {
  readonly host: string;
  readonly port: number;
  readonly streamId: string;
  readonly socket: Partial<SrtSocketOptions>;
}

const DEFAULT_PORT = 10_080;
/** What follows `streamid=` up to the next parameter: an id holds `#`, `,` and `=` unescaped. */
const STREAM_ID = /[?&]streamid=([^&]*)/;

/**
 * Reads the url of another SRT server. Latency is in milliseconds, as in the urls of libsrt's own tools.
 * @throws ServerError `INVALID_ARGUMENT`.
 */
export function parseSrtUrl(text: string): SrtUrl {
  const streamId = STREAM_ID.exec(text)?.[1] ?? '';
  const rest = text.replace(STREAM_ID, (found) => found.charAt(0));
  const url = URL.canParse(rest) ? new URL(rest) : undefined;
  if (url?.protocol !== 'srt:' || url.hostname === '') {
    throw new ServerError('INVALID_ARGUMENT', `${text} is no srt://host:port?streamid=...`);
  }
  const number = (name: string) => {
    const value = url.searchParams.get(name);
    if (value !== null && !/^\d{1,9}$/.test(value)) {
      throw new ServerError('INVALID_ARGUMENT', `${name}=${value} in ${text} is no number`);
    }
    return value === null ? undefined : Number(value);
  };
  const latency = number('latency');
  const pbkeylen = number('pbkeylen');
  const passphrase = url.searchParams.get('passphrase');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    streamId: streamId.includes('%') ? decodeURIComponent(streamId) : streamId,
    socket: {
      ...(latency !== undefined && { receive_latency_ms: latency, peer_latency_ms: latency }),
      ...(pbkeylen !== undefined && { pbkeylen }),
      passphrase: passphrase ?? '',
    },
  };
}
