import { hookSteps } from '../hooks.ts';
import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { security } from '../steps.ts';

/** HLS: sessions are viewers that are told apart by `hls_ctx`. */
export const hls: Protocol = {
  name: 'hls',
  playSteps: (hooks) => [security, ...hookSteps('onPlay', hooks.onPlay)],
  playOptions,
};
