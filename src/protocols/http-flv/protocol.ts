import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { remuxOptions } from './remux-options.ts';

/** FLV over HTTP and WebSocket. */
export const httpFlv: Protocol = {
  name: 'http_flv',
  connects: false,
  tellsPage: false,
  playOptions: (request, durationMs) => ({
    ...playOptions(request, durationMs),
    ...remuxOptions(request.vhost.httpRemux),
  }),
};
