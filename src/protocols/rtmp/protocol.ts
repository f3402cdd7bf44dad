import { hookSteps } from '../hooks.ts';
import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { publishOptions } from '../publish-options.ts';
import { refererOfAction, refererOfAll, security } from '../steps.ts';

/**
 * RTMP and RTMPS. The order is the one of SRS, where `on_connect` is called only now, when the name of
 * the stream is known.
 */
export const rtmp: Protocol = {
  name: 'rtmp',
  publishSteps: (hooks) => [
    refererOfAll,
    ...hookSteps('onConnect', hooks.onConnect),
    security,
    refererOfAction,
    ...hookSteps('onPublish', hooks.onPublish),
  ],
  playSteps: (hooks) => [
    refererOfAll,
    ...hookSteps('onConnect', hooks.onConnect),
    security,
    refererOfAction,
    ...hookSteps('onPlay', hooks.onPlay),
  ],
  publishOptions,
  playOptions,
};
