import type { VhostConfig } from '../config/millrace-config.ts';
import type { PlayOptions } from '../native/boundary/stream.ts';
import type { AdmissionRequest } from './admission.ts';

/** Options that players of all protocols share; from `vhost.play`. */
export function playOptions(request: AdmissionRequest, durationMs: number): PlayOptions {
  return playOptionsOf(request.vhost, request.streamUrl, durationMs);
}

/** The same for who needs no admission. */
export function playOptionsOf(
  vhost: VhostConfig,
  streamUrl: string,
  durationMs: number,
): PlayOptions {
  const { play } = vhost;
  return {
    stream: streamUrl,
    gop_cache: play.gopCache,
    gop_cache_max_frames: play.gopCacheMaxFrames,
    mw_latency_ms: play.mwLatencyMs,
    mw_msgs: play.mwMsgs,
    min_latency: vhost.minLatency,
    tcp_nodelay: vhost.tcpNodelay,
    queue_length_ms: play.queueLengthMs,
    send_min_interval_ms: play.sendMinIntervalMs,
    time_jitter: play.timeJitter,
    atc: play.atc,
    atc_auto: play.atcAuto,
    chunk_size: vhost.chunkSize,
    duration_ms: Math.max(0, durationMs),
  };
}
