import type { ErrorCode } from '../../errors/codes.ts';
import type { HlsOptions } from './hls.ts';
import type { RemuxOptions } from './http.ts';
import type { EndCode, EngineStreamKey, RequestedName, SessionId } from './names.ts';

/** What is made of a stream's audio for players who cannot take it, while there are any. */
export interface AudioOptions {
  /** Players of other protocols than WebRTC get AAC instead of Opus and G.711. */
  readonly plain_as_aac: boolean;
  /** Of the Opus that WebRTC players get instead of AAC and MP3. */
  readonly opus_bitrate_bps: number;
  readonly aac_bitrate_bps: number;
}

/** Answer to `publish_requested`. */
export interface PublishOptions {
  readonly stream: EngineStreamKey;
  readonly first_packet_timeout_ms: number;
  readonly normal_timeout_ms: number;
  readonly mix_correct: boolean;
  readonly reduce_sequence_header: boolean;
  readonly tcp_nodelay: boolean;
  readonly gop_cache: boolean;
  readonly gop_cache_max_frames: number;
  /** Merged read: wait so long to read more at once; 0 reads as it comes. */
  readonly mr_latency_ms: number;
  readonly audio: AudioOptions;
  /** Audio that is kept for players of AAC and MP3 over HTTP. */
  readonly recent_audio_ms: number;
  /** What is made of the stream whether or not somebody plays it. */
  readonly outputs: { readonly hls?: HlsOptions };
  /** SRT: whether others than players of SRT get the stream too. */
  readonly srt_to_rtmp?: boolean;
}

/** Answer to `play_requested` over RTMP; HTTP adds {@link RemuxOptions}. */
export interface PlayOptions extends Partial<RemuxOptions> {
  readonly stream: EngineStreamKey;
  readonly gop_cache: boolean;
  readonly gop_cache_max_frames: number;
  readonly mw_latency_ms: number;
  readonly mw_msgs: number;
  readonly min_latency: boolean;
  readonly tcp_nodelay: boolean;
  readonly queue_length_ms: number;
  readonly send_min_interval_ms: number;
  readonly time_jitter: 'full' | 'zero' | 'off';
  readonly atc: boolean;
  /** Metadata with `bravo_atc` = `true` has the effect of `atc`. */
  readonly atc_auto: boolean;
  readonly chunk_size: number;
  /** The session ends after so long; 0 is no limit. */
  readonly duration_ms: number;
}

export interface PublishRequested extends RequestedName {
  readonly type: 'publish_requested';
  readonly session: SessionId;
  readonly protocol: string;
  readonly form: 'fmle' | 'flash' | 'haivision' | 'srt';
}

export interface PlayRequested extends RequestedName {
  readonly type: 'play_requested';
  readonly session: SessionId;
  readonly protocol: 'rtmp' | 'http_flv' | 'http_ts' | 'http_aac' | 'http_mp3' | 'srt';
  /** Output form, e.g. `flv`. */
  readonly format: string;
  /** `Host` of a request over HTTP. */
  readonly host?: string;
  /** What the peer asked for; 0 or less is no limit. */
  readonly duration_ms?: number;
}

/** An output of a stream (HLS) could not be made of what the publisher sent. */
export interface OutputFailed {
  readonly type: 'output_failed';
  readonly output: string;
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  readonly code: ErrorCode;
  readonly detail: number;
  /** The configuration asks for the publisher's end (`hls_on_error disconnect`). */
  readonly disconnect: boolean;
}

/** Tracks of a stream became known, or changed. */
export interface StreamTracks {
  readonly type: 'stream_tracks';
  readonly session: SessionId;
  readonly stream: EngineStreamKey;
  readonly video?: VideoTrack;
  readonly audio?: AudioTrack;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * Whether the audio of a stream can be made into the form that some players need (Opus for those of WebRTC). Told
 * when it changes; until then it can.
 */
export interface TranscodingChanged {
  readonly type: 'transcoding';
  readonly stream: EngineStreamKey;
  readonly works: boolean;
}

export interface VideoTrack {
  /** e.g. `H264`, `H265`, `AV1`. */
  readonly codec: string;
  /** 0 when not known. */
  readonly width: number;
  readonly height: number;
  /** Number in the header of the codec, e.g. profile_idc. */
  readonly profile: number;
  /** Number in the header of the codec, e.g. level_idc. */
  readonly level: number;
}

export interface AudioTrack {
  /** e.g. `AAC`, `MP3`, `Opus`. */
  readonly codec: string;
  /** Hz; 0 when not known. */
  readonly sample_rate: number;
  readonly channels: number;
  /** Of AAC: the audio object type. */
  readonly profile: number;
}

/** The session publishes or plays no more; the connection may go on. */
export interface MediaStopped {
  readonly type: 'publish_stopped' | 'play_stopped';
  readonly session: SessionId;
  readonly code: EndCode;
}
