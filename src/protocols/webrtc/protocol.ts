import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { publishOptions } from '../publish-options.ts';

/** WebRTC: WHIP, WHEP and the JSON API. */
export const webrtc: Protocol = {
  name: 'webrtc',
  connects: false,
  tellsPage: false,
  publishOptions,
  playOptions,
};
