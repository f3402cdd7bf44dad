import { ServerError } from '../../errors/server-error.ts';
import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { publishOptions } from '../publish-options.ts';

/** SRT. */
export const srt: Protocol = {
  name: 'srt',
  connects: true,
  tellsPage: false,
  enabled: ({ vhost }) => {
    if (!vhost.srt.enabled) {
      throw new ServerError('SRT_DISABLED', `vhost ${vhost.name}`);
    }
  },
  publishOptions: (config, request) => ({
    ...publishOptions(config, request),
    srt_to_rtmp: request.vhost.srt.srtToRtmp,
  }),
  playOptions,
};
