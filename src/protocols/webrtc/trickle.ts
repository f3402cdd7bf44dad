import { ServerError } from '../../errors/server-error.ts';
import type { IceCredentials } from './ice.ts';
import { split } from './sdp/description.ts';

/** Longest fragment that is read, in characters. */
const MAX_FRAGMENT_LENGTH = 16 * 1024;

/** What the server reads of an `application/trickle-ice-sdpfrag` (RFC 8840 §9). */
export interface IceFragment {
  /** Empty when the fragment does not say. */
  readonly ufrag: string;
  readonly pwd: string;
  /** Candidates in it; the server is ICE-lite and waits for checks, so it needs none of them. */
  readonly candidates: number;
}

/** @throws ServerError `SDP_TOO_LARGE`, `SDP_INVALID`. */
export function parseFragment(text: string): IceFragment {
  if (text.length > MAX_FRAGMENT_LENGTH) {
    throw new ServerError(
      'SDP_TOO_LARGE',
      `${text.length} characters, limit ${MAX_FRAGMENT_LENGTH}`,
    );
  }
  let ufrag = '';
  let pwd = '';
  let candidates = 0;
  for (const line of text.split('\n')) {
    const [name, value] = split(line.trimEnd(), ':');
    if (name === 'a=ice-ufrag') {
      ufrag ||= value;
    } else if (name === 'a=ice-pwd') {
      pwd ||= value;
    } else if (name === 'a=candidate') {
      candidates += 1;
    } else if (name !== '' && !name.startsWith('a=') && !name.startsWith('m=')) {
      throw new ServerError('SDP_INVALID', 'a fragment has lines of media and attributes alone');
    }
  }
  return { ufrag, pwd, candidates };
}

/** The server's side of an ICE restart: its new credentials and its candidates. */
export function writeFragment(
  { ufrag, pwd }: IceCredentials,
  mid: string,
  candidates: readonly string[],
): string {
  const lines = [
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    'a=ice-lite',
    'm=audio 9 UDP/TLS/RTP/SAVPF 0',
    `a=mid:${mid}`,
    ...candidates.map((candidate) => `a=candidate:${candidate}`),
    'a=end-of-candidates',
  ];
  return `${lines.join('\r\n')}\r\n`;
}
