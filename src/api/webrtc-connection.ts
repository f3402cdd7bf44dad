import type { WebrtcConnected } from '../native/boundary/webrtc.ts';
import { layersJson, sentLayerJson } from '../protocols/webrtc/layers.ts';
import type { ClientEntry } from '../statistics/entries.ts';
import { integer, listOf, object, objectWithOptional, text } from './schemas.ts';

/** How a WebRTC client is connected; clients that are not connected yet do not have it. */
export const webrtcConnection = objectWithOptional(
  {
    candidate: { ...text, description: "the client's address on the path that is used" },
    protocol: { ...text, description: 'of that path: udp or tcp' },
    dtls_version: { ...text, description: 'e.g. DTLSv1.2; empty without DTLS' },
    srtp_profile: { ...text, description: 'name in RFC 5764 or RFC 7714; empty for plain RTP' },
    layers: {
      ...listOf(object({ rid: text, kbps: integer })),
      description: 'of a publisher of simulcast; 0 kbps while it does not send one',
    },
    sent: {
      ...object({
        layer: { ...text, description: 'rid; empty without simulcast, and while video is paused' },
        video: { ...text, description: 'whole, thin or paused' },
        wanted: { ...text, description: 'a rid, low or high; empty for the best that fits' },
      }),
      description: 'of a player, once it is not all of an only layer',
    },
  },
  'layers',
  'sent',
);

export function webrtcConnectionJson(
  { candidate, protocol, dtls_version, srtp_profile }: WebrtcConnected,
  { layers, sentLayer }: Pick<ClientEntry, 'layers' | 'sentLayer'>,
) {
  return {
    candidate,
    protocol,
    dtls_version,
    srtp_profile,
    ...(layers ? { layers: layersJson(layers) } : {}),
    ...(sentLayer ? { sent: sentLayerJson(sentLayer) } : {}),
  };
}
