import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { publishOptions } from '../publish-options.ts';

/** MPEG-TS over UDP, in. */
export const mpegtsUdp: Protocol = {
  name: 'mpegts_udp',
  connects: true,
  tellsPage: false,
  publishOptions,
  playOptions,
};
