import type { SrtSocketOptions } from '../native/boundary/srt.ts';

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
/** SRT_MAX_STREAM_ID of libsrt. */
const MAX_STREAM_ID_BYTES = 512;
/** What each parameter may be: the text that it must fit, and how that is said. */
const PARAMETERS: ReadonlyMap<string, readonly [allowed: RegExp, said: string]> = new Map([
  ['latency', [/^\d{1,9}$/, 'is milliseconds']],
  ['pbkeylen', [/^(0|16|24|32)$/, 'is 0, 16, 24 or 32']],
  ['passphrase', [/^.{10,79}$/u, 'has 10 to 79 characters']],
  // Of other programs' urls, and true of every call of ours.
  ['mode', [/^caller$/, 'is caller']],
  ['transtype', [/^live$/, 'is live']],
]);

/**
 * Reads the url of another SRT server. Latency is in milliseconds, as in the urls of libsrt's own tools.
 * @returns the fault when it cannot be called; without the url, in which a passphrase may stand.
 */
export function parseSrtUrl(text: string): SrtUrl | string {
  const found = STREAM_ID.exec(text)?.[1] ?? '';
  const streamId = decoded(found);
  if (streamId === undefined || Buffer.byteLength(streamId) > MAX_STREAM_ID_BYTES) {
    return `streamid cannot be read, or has more than ${MAX_STREAM_ID_BYTES} bytes`;
  }
  const rest = text.replace(STREAM_ID, (whole) => whole.charAt(0));
  const url = URL.canParse(rest) ? new URL(rest) : undefined;
  if (url?.protocol !== 'srt:' || url.hostname === '') {
    return 'is no srt://host:port?streamid=...';
  }
  if (url.hash !== '' || !['', '/'].includes(url.pathname)) {
    return 'has a path: the stream stands in streamid, in which # is written %23';
  }
  for (const [name, value] of url.searchParams) {
    const parameter = PARAMETERS.get(name);
    if (name !== '' && !parameter) {
      return `${name} is none of streamid, ${[...PARAMETERS.keys()].join(', ')}`;
    }
    if (parameter && !parameter[0].test(value)) {
      return `${name} ${parameter[1]}`;
    }
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), ...portOf(url), streamId, ...socketOf(url) };
}

function decoded(text: string): string | undefined {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text;
  } catch {
    return undefined; // a % that begins no character
  }
}

function portOf({ port }: URL) {
  return { port: port === '' ? DEFAULT_PORT : Number(port) };
}

function socketOf({ searchParams }: URL): Pick<SrtUrl, 'socket'> {
  const latency = searchParams.get('latency');
  const pbkeylen = searchParams.get('pbkeylen');
  const latencyMs = Number(latency);
  return {
    socket: {
      ...(latency !== null && { receive_latency_ms: latencyMs, peer_latency_ms: latencyMs }),
      ...(pbkeylen !== null && { pbkeylen: Number(pbkeylen) }),
      passphrase: searchParams.get('passphrase') ?? '',
    },
  };
}
