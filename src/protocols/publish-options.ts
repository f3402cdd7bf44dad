import type { HttpRemux, MillraceConfig } from '../config/millrace-config.ts';
import { mountFormat } from '../config/mount-format.ts';
import type { PublishOptions } from '../native/boundary/stream.ts';
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
    recent_audio_ms: servesAudio(vhost.httpRemux) ? vhost.httpRemux.fastCacheMs : 0,
    outputs: hls.enabled ? { hls: hlsOptions(vhost, config.log.utcTime) } : {},
  };
}

/** Whether players of audio alone may come. */
function servesAudio({ enabled, mounts }: HttpRemux): boolean {
  return enabled && mounts.some((mount) => ['aac', 'mp3'].includes(mountFormat(mount) ?? ''));
}
