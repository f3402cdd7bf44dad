import { hookSteps } from '../hooks.ts';
import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { security } from '../steps.ts';
import { remuxOptions } from './remux-options.ts';

/** FLV over HTTP and WebSocket. */
export const httpFlv: Protocol = {
  name: 'http_flv',
  playSteps: (hooks) => [security, ...hookSteps('onPlay', hooks.onPlay)],
  playOptions: (request, durationMs) => ({
    ...playOptions(request, durationMs),
    ...remuxOptions(request.vhost.httpRemux),
  }),
};
