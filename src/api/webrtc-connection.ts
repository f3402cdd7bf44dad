import type { WebrtcConnected } from '../native/boundary/webrtc.ts';
import { object, text } from './schemas.ts';

/** How a WebRTC client is connected; clients that are not connected yet do not have it. */
export const webrtcConnection = object({
  candidate: { ...text, description: "the client's address on the path that is used" },
  protocol: { ...text, description: 'of that path: udp or tcp' },
  dtls_version: { ...text, description: 'e.g. DTLSv1.2; empty without DTLS' },
  srtp_profile: { ...text, description: 'name in RFC 5764 or RFC 7714; empty for plain RTP' },
});

export function webrtcConnectionJson(connected: WebrtcConnected) {
  const { candidate, protocol, dtls_version, srtp_profile } = connected;
  return { candidate, protocol, dtls_version, srtp_profile };
}
