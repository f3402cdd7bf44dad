import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { publishOptions } from '../publish-options.ts';

/** RTMP and RTMPS. */
export const rtmp: Protocol = {
  name: 'rtmp',
  connects: true,
  tellsPage: true,
  publishOptions,
  playOptions,
};
