import { b0, b1, bytes, int, repeated } from './build.ts';
import { CHUNK_SIZE_RANGE } from './rtmp.ts';
import { auth, refer, security } from './vhost-access.ts';
import { dash, hds } from './vhost-dash.ts';
import { dvr } from './vhost-dvr.ts';
import { hls } from './vhost-hls.ts';
import { httpHooks, httpRemux, httpStatic } from './vhost-http.ts';
import { play } from './vhost-play.ts';
import { exec, ingests, transcodes } from './vhost-process.ts';
import { publish } from './vhost-publish.ts';
import { cluster, forward } from './vhost-relay.ts';
import { rtc, rtsp, srt } from './vhost-rtc.ts';

/** Everything under `vhost NAME { }`. In the environment the name is left out. */
export const vhosts = repeated(
  'vhost',
  'name',
  'A virtual host; `__defaultVhost__` serves every name that has no block of its own.',
  {
    enabled: b1('enabled', true, 'Off refuses its clients.', { env: 'none', reload: 'N' }),
    minLatency: b0('min_latency', false, 'Send to RTMP and HTTP players at once, unmerged.', {
      reload: 'N',
    }),
    rtcMinLatency: b1('min_latency', true, 'The same directive for RTC, where it is on.', {
      reload: 'N',
    }),
    tcpNodelay: b0(
      'tcp_nodelay',
      false,
      'Set TCP_NODELAY on connections; players with merged writes have it anyway.',
      { reload: 'N' },
    ),
    chunkSize: int('chunk_size', undefined, 'RTMP chunk size sent to peers, in bytes.', {
      reload: 'N',
      range: CHUNK_SIZE_RANGE,
      defaultText: 'rtmp.chunk_size',
    }),
    inAckSize: bytes(
      'in_ack_size',
      0,
      'Bytes received until an RTMP acknowledgement is sent; 0 does as the peer asked.',
      { reload: 'N' },
    ),
    outAckSize: bytes(
      'out_ack_size',
      2_500_000,
      'RTMP window acknowledgement size sent to peers.',
      {
        reload: 'N',
      },
    ),
    play,
    publish,
    httpStatic,
    httpRemux,
    httpHooks,
    hls,
    dash,
    hds,
    dvr,
    rtc,
    srt,
    rtsp,
    security,
    auth,
    refer,
    cluster,
    forward,
    exec,
    ingests,
    transcodes,
  },
  {
    effect: 'yes',
    since: 'srs',
    again: 'warning',
    ignored: { bandcheck: 'bandwidth test of Flash players, which SRS took out' },
  },
);
