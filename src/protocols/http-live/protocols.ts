import { playOptions } from '../play-options.ts';
import type { Protocol } from '../protocol.ts';
import { publishOptions } from '../publish-options.ts';
import { remuxOptions } from './remux-options.ts';

/** One output form over HTTP and WebSocket. */
function output(name: string): Protocol {
  return {
    name,
    connects: false,
    tellsPage: false,
    playOptions: (request, durationMs) => ({
      ...playOptions(request, durationMs),
      ...remuxOptions(request.vhost.httpRemux),
    }),
  };
}

/**
 * Live streams over HTTP and WebSocket: FLV, MPEG-TS, AAC in ADTS, and MP3. FLV comes in too, by POST to
 * a caster.
 */
export const httpLive: readonly Protocol[] = [
  { ...output('http_flv'), publishOptions },
  output('http_ts'),
  output('http_aac'),
  output('http_mp3'),
];
