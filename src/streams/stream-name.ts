import { ServerError } from '../errors/server-error.ts';

/** Longest app and longest stream name, in bytes. */
export const MAX_NAME_BYTES = 256;

const SEGMENT = /^[A-Za-z0-9._~-]+$/;

/**
 * The one judge of names, for every protocol: names end up in paths of files and URLs, in log lines and
 * in callbacks. An app may have several segments, `a/b`; a stream name has one.
 * @throws ServerError `NAME_INVALID`, `STREAM_NAME_EMPTY`.
 */
export function checkStreamName(app: string, stream: string): void {
  if (stream === '') {
    throw new ServerError('STREAM_NAME_EMPTY');
  }
  checkName('app', app, app.split('/', MAX_NAME_BYTES + 1));
  checkName('stream', stream, [stream]);
}

function checkName(kind: string, name: string, segments: readonly string[]): void {
  const fault = faultOf(name, segments);
  if (fault !== undefined) {
    // Cut: the name may be as long as a whole message.
    const shown = name.length > 64 ? `${name.slice(0, 64)}...` : name;
    throw new ServerError('NAME_INVALID', `${kind} "${shown}" ${fault}`);
  }
}

function faultOf(name: string, segments: readonly string[]): string | undefined {
  // What passes the test of segments is ASCII, so that characters are bytes.
  if (name.length > MAX_NAME_BYTES) {
    return `is longer than ${MAX_NAME_BYTES} bytes`;
  }
  if (segments.includes('')) {
    return name === '' ? 'is empty' : 'has an empty segment';
  }
  if (segments.some((segment) => segment === '.' || segment.startsWith('..'))) {
    return 'has a segment that means another folder';
  }
  return segments.every((segment) => SEGMENT.test(segment))
    ? undefined
    : 'has characters other than letters, digits and . _ - ~';
}
