import type { HttpRemux } from '../../config/millrace-config.ts';
import type { RemuxOptions } from '../../native/boundary/http.ts';

/** `vhost.http_remux` as the engine takes it. */
export function remuxOptions(remux: HttpRemux): RemuxOptions {
  return {
    has_audio: remux.hasAudio,
    has_video: remux.hasVideo,
    guess_has_av: remux.guessHasAv,
    drop_if_not_match: remux.dropIfNotMatch,
    fast_cache_ms: remux.fastCacheMs,
  };
}
