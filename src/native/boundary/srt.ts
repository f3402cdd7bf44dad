/** The directives of `srt_server`, for a listener or for calls. */
export interface SrtSocketOptions {
  /** Bytes a second; -1 is unlimited. */
  readonly maxbw: number;
  readonly mss: number;
  readonly connect_timeout_ms: number;
  readonly peer_idle_timeout_ms: number;
  readonly receive_latency_ms: number;
  readonly peer_latency_ms: number;
  readonly tsbpd: boolean;
  readonly tlpktdrop: boolean;
  readonly send_buffer_bytes: number;
  readonly receive_buffer_bytes: number;
  readonly payload_size: number;
  /** Empty is none. */
  readonly passphrase: string;
  /** Bytes; 0 leaves it to libsrt. */
  readonly pbkeylen: number;
}

/** How an SRT listener reads the stream ids of callers. */
export interface SrtListenOptions extends SrtSocketOptions {
  readonly default_app: string;
  readonly default_streamid: string;
  readonly default_mode: 'publish' | 'request';
}
