import type { MillraceConfig } from '../config/millrace-config.ts';
import type { PublishOptions } from '../native/boundary.ts';
import type { AdmissionRequest } from './admission.ts';
import { hlsOptions } from './hls/hls-options.ts';

/** Options that publishers of all protocols share; from its vhost. */
export function publishOptions(config: MillraceConfig, request: AdmissionRequest): PublishOptions {
  const { vhost, streamUrl } = request;
  const { play, publish, hls, rtc } = vhost;
  return {
    stream: streamUrl,
    first_packet_timeout_ms: publish.firstpktTimeoutMs,
    normal_timeout_ms: publish.normalTimeoutMs,
    mix_correct: play.mixCorrect,
    reduce_sequence_header: play.reduceSequenceHeader,
    tcp_nodelay: vhost.tcpNodelay,
    gop_cache: play.gopCache,
    gop_cache_max_frames: play.gopCacheMaxFrames,
    // SRS: min_latency turns merged read off.
    mr_latency_ms: publish.mr && !vhost.minLatency ? publish.mrLatencyMs : 0,
    audio: {
      plain_as_aac: false,
      opus_bitrate_bps: rtc.opusBitrateBps,
      aac_bitrate_bps: rtc.aacBitrateBps,
    },
    outputs: hls.enabled ? { hls: hlsOptions(vhost, config.log.utcTime) } : {},
  };
}
