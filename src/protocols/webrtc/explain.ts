import { errorTable } from '../../errors/codes.ts';
import type { WebrtcTrouble } from '../../native/boundary/webrtc.ts';
import type { Peer } from './peers.ts';

/**
 * Says in one sentence whether media can flow to or from a peer, and if not, why.
 * @param isPublished  whether anybody publishes the stream at this moment.
 * @param nowMs        monotonic.
 */
export function explainConnection(
  peer: Pick<Peer, 'connected' | 'trouble' | 'candidates' | 'startedAtMs'> & {
    readonly request: Pick<Peer['request'], 'action' | 'streamUrl'>;
  },
  isPublished: boolean,
  nowMs: number,
): string {
  const { connected, trouble, request } = peer;
  if (connected) {
    const { protocol, candidate, srtp_profile: profile } = connected;
    const how = `connected over ${protocol} with ${candidate}, ${profile || 'not encrypted'}`;
    if (request.action === 'play') {
      return isPublished ? how : `${how}, and waits: nobody publishes ${request.streamUrl}`;
    }
    return trouble?.code === 'WEBRTC_NO_MEDIA' ? `${how}, ${whyNoMedia(trouble)}` : how;
  }
  const seconds = Math.max(0, Math.round((nowMs - peer.startedAtMs) / 1000));
  const offered = peer.candidates.map(addressOf).join(', ') || 'no address at all';
  if (!trouble || (trouble.checks === 0 && trouble.bad_integrity === 0)) {
    return (
      `no connectivity check has come after ${seconds} s: the peer cannot reach ${offered}; ` +
      'look at firewalls, at the published ports of a container and at rtc_server.candidate'
    );
  }
  if (trouble.checks === 0) {
    return (
      `checks from ${trouble.from} carry another password (${trouble.bad_integrity} of them): ` +
      'the peer uses an answer of another session, or of another server behind the same address'
    );
  }
  const reached = `connectivity checks from ${trouble.from} arrive (${trouble.checks} of them)`;
  const failure = trouble.code === 'NONE' ? '' : `: ${errorTable[trouble.code].text}`;
  switch (trouble.dtls) {
    case 'waiting':
      return `${reached}, but no DTLS handshake begins: the peer does not get the server's answers`;
    case 'handshaking':
      return `${reached} and a DTLS handshake has begun, but does not come to its end${failure}`;
    case 'failed':
      return `${reached}, but the DTLS handshake failed${failure}`;
    default:
      return `${reached}, but media does not flow${failure}`;
  }
}

function whyNoMedia({ undecryptable }: WebrtcTrouble): string {
  return undecryptable === 0
    ? 'but no media comes: the publisher sends none, as when its camera or encoder has not begun'
    : `but no media comes: ${undecryptable} packets that came cannot be decrypted with the keys of the handshake`;
}

/** `udp 192.0.2.1:8000` of the value of an `a=candidate`. */
function addressOf(candidate: string): string {
  const [, , transport, , host = '', port] = candidate.split(' ');
  return `${transport} ${host.includes(':') ? `[${host}]` : host}:${port}`;
}
