import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';

/** HLS: sessions are viewers that are told apart by `hls_ctx`. */
export const hls: Protocol = {
  name: 'hls',
  connects: false,
  tellsPage: false,
  playOptions,
};
