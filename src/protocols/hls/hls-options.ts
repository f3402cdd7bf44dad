import type { VhostConfig } from '../../config/millrace-config.ts';
import type { HlsOptions } from '../../native/boundary/hls.ts';

/**
 * HLS of a vhost as the engine takes it.
 * @param utcTime  whether dates in names of files are UTC.
 */
export function hlsOptions(vhost: VhostConfig, utcTime: boolean): HlsOptions {
  const { hls, auth, httpHooks } = vhost;
  const isGuarded = auth.enabled && auth.play;
  return {
    fragment_ms: hls.fragmentMs,
    target_duration_ratio: hls.targetDurationRatio,
    audio_overflow_ratio: hls.audioOverflowRatio,
    first_fragment_ms: hls.firstFragmentMs,
    window_ms: hls.windowMs,
    on_error: hls.onError,
    path: hls.path,
    memory_only: hls.memoryOnly,
    m3u8_file: hls.m3u8File,
    ts_file: isGuarded ? secretName(hls.tsFile) : hls.tsFile,
    use_fmp4: hls.useFmp4,
    fmp4_file: hls.fmp4File,
    init_file: hls.initFile,
    ts_floor: hls.tsFloor,
    entry_prefix: hls.entryPrefix,
    cleanup: hls.cleanup,
    dispose_ms: hls.disposeMs,
    wait_keyframe: hls.waitKeyframe,
    dts_directly: hls.dtsDirectly,
    ctx: hls.ctx,
    ts_ctx: hls.tsCtx,
    master_m3u8_path_relative: hls.masterM3u8PathRelative,
    recover: hls.recover,
    keys: hls.keys,
    fragments_per_key: hls.fragmentsPerKey,
    key_file: hls.keyFile,
    key_file_path: hls.keyFilePath,
    key_url: hls.keyUrl,
    utc_time: utcTime,
    tell_segments: httpHooks.enabled && httpHooks.onHls.length + httpHooks.onHlsNotify.length > 0,
  };
}

/** Segments are served to whoever knows their names, so that these must not be guessed. */
function secretName(template: string): string {
  return template.includes('[random]')
    ? template
    : template.replace(/(\.[^./]*)?$/, (extension) => `-[random]${extension}`);
}
