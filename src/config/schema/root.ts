import { block } from './build.ts';
import { ffmpeg, log, millraceFields, process } from './global.ts';
import { httpApi, httpServer } from './http.ts';
import {
  circuitBreaker,
  exporter,
  heartbeat,
  stats,
  tencentcloudApm,
  tencentcloudCls,
  threads,
} from './monitoring.ts';
import { rtcServer } from './rtc-server.ts';
import { rtmp, rtmps } from './rtmp.ts';
import { rtspServer } from './rtsp-server.ts';
import { srtServer } from './srt-server.ts';
import { streamCasters } from './stream-caster.ts';
import { vhosts } from './vhost.ts';

/** The table of tables: everything a configuration may hold. */
export const rootSchema = block('', 'The whole configuration.', {
  log,
  process,
  ffmpeg,
  millrace: block('millrace', 'Threads and bounds of this server.', millraceFields, {
    effect: 'yes',
    since: 'millrace',
  }),
  rtmp,
  rtmps,
  httpApi,
  httpServer,
  srtServer,
  rtcServer,
  rtspServer,
  streamCasters,
  circuitBreaker,
  exporter,
  heartbeat,
  stats,
  threads,
  tencentcloudCls,
  tencentcloudApm,
  vhosts,
});
