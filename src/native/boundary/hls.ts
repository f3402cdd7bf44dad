import type { EngineStreamKey, RequestedName, SessionId } from './names.ts';

/** HLS of one stream, or of the streams of one vhost; the directives of `vhost.hls`. */
export interface HlsOptions {
  /** `hls_fragment`. */
  readonly fragment_ms: number;
  /** `hls_td_ratio`. */
  readonly target_duration_ratio: number;
  /** `hls_aof_ratio`. */
  readonly audio_overflow_ratio: number;
  /** `hls_first_fragment`; 0 makes all segments alike. */
  readonly first_fragment_ms: number;
  /** `hls_window`. */
  readonly window_ms: number;
  /** `hls_on_error`. */
  readonly on_error: 'ignore' | 'disconnect' | 'continue';
  /** `hls_path`. */
  readonly path: string;
  /** `hls_memory_only`. */
  readonly memory_only: boolean;
  /** `hls_m3u8_file`. */
  readonly m3u8_file: string;
  /** `hls_ts_file`. */
  readonly ts_file: string;
  /** `hls_use_fmp4`. */
  readonly use_fmp4: boolean;
  /** `hls_fmp4_file`. */
  readonly fmp4_file: string;
  /** `hls_init_file`. */
  readonly init_file: string;
  /** `hls_ts_floor`. */
  readonly ts_floor: boolean;
  /** `hls_entry_prefix`. */
  readonly entry_prefix: string;
  /** `hls_cleanup`. */
  readonly cleanup: boolean;
  /** `hls_dispose`; 0 never disposes. */
  readonly dispose_ms: number;
  /** `hls_wait_keyframe`. */
  readonly wait_keyframe: boolean;
  /** `hls_dts_directly`. */
  readonly dts_directly: boolean;
  /** `hls_ctx`. */
  readonly ctx: boolean;
  /** `hls_ts_ctx`. */
  readonly ts_ctx: boolean;
  /** `hls_master_m3u8_path_relative`. */
  readonly master_m3u8_path_relative: boolean;
  /** `hls_recover`. */
  readonly recover: boolean;
  /** `hls_keys`. */
  readonly keys: boolean;
  /** `hls_fragments_per_key`. */
  readonly fragments_per_key: number;
  /** `hls_key_file`. */
  readonly key_file: string;
  /** `hls_key_file_path`. */
  readonly key_file_path: string;
  /** `hls_key_url`. */
  readonly key_url: string;
  /** `utc_time`: dates in names of files. */
  readonly utc_time: boolean;
  /** Whether `hls_segment` events are wanted. */
  readonly tell_segments: boolean;
}

/** Answer to `hls_session_requested`. */
export interface HlsSessionOptions {
  readonly stream: EngineStreamKey;
}

/** First request of a viewer of HLS that is told apart by `hls_ctx`. */
export interface HlsSessionRequested extends RequestedName {
  readonly type: 'hls_session_requested';
  readonly session: SessionId;
  /** The `hls_ctx`, which is the context id. */
  readonly cid: string;
  readonly ip: string;
  /** Of the other end of the connection that the first request came by. */
  readonly peer_ip: string;
  readonly peer_port: number;
  /** Port of the listener. */
  readonly local_port: number;
  /** Of the playlist, as the player asked for it. */
  readonly path: string;
}

/** A segment of HLS is finished and in the playlist. */
export interface HlsSegment {
  readonly type: 'hls_segment';
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  readonly duration_ms: number;
  readonly sequence: number;
  readonly bytes: number;
  /** `hls_path` and the path of the segment, also when no file is written. */
  readonly file: string;
  /** As the playlist writes it. */
  readonly uri: string;
  /** With the folder of the playlist in front, unless it is a whole url. */
  readonly url: string;
  /** `hls_path` and the path of the playlist. */
  readonly m3u8: string;
  readonly m3u8_url: string;
}
