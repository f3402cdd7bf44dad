import type { ErrorCode } from '../errors/codes.ts';

/**
 * What crosses between TypeScript and the engine: plain data with keys in `snake_case`. Commands go
 * in, events come out in batches; no media byte passes. Durations end in `_ms`, sizes in `_bytes`.
 */

/** A session of the engine: a number with a generation. Commands for one that is gone do nothing. */
export type SessionId = number;
/** An HTTP request that waits for its answer. */
export type RequestId = number;
/** A listener of the engine. */
export type ListenerId = number;
/** Name of a stream in the engine: its stream url, e.g. `/live/livestream`. */
export type EngineStreamKey = string;

/** Why something ended; `NONE` when it ended as it should. */
export type EndCode = ErrorCode | 'NONE';

/** How the server names itself to peers. */
export interface EngineIdentity {
  /** `Server` header and `srs_server`, e.g. `SRS/7.0.18(Hang)`. */
  readonly server: string;
  readonly version: string;
  /** `srs_server_ip`. */
  readonly ip: string;
  /** `srs_pid`. */
  readonly pid: number;
}

/** What peers may take; see the `millrace` block of the configuration. */
export interface EngineLimits {
  readonly max_connections: number;
  /** 0: no limit. */
  readonly max_connections_per_address: number;
  /** Networks in CIDR notation. */
  readonly trusted_proxies: readonly string[];
  readonly max_message_bytes: number;
  readonly max_unfinished_bytes: number;
  readonly max_chunk_streams: number;
  readonly handshake_timeout_ms: number;
  readonly request_head_timeout_ms: number;
  readonly max_request_head_bytes: number;
  readonly max_metadata_bytes: number;
  readonly gop_cache_max_bytes: number;
  readonly ring_max_bytes: number;
  readonly ring_max_ms: number;
  readonly slow_reader_timeout_ms: number;
  readonly admission_timeout_ms: number;
  readonly idle_timeout_ms: number;
  readonly publisher_grace_ms: number;
}

export interface EngineOptions {
  /** Loop threads; 0 starts one per core. */
  readonly loops: number;
  readonly limits: EngineLimits;
  readonly identity: EngineIdentity;
}

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

/** What a caster publishes, from the url of its output. */
export interface StreamName {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  readonly param: string;
  readonly tc_url: string;
}

/** One `stream_caster mpegts_over_udp`: the stream that its port is. */
export interface CasterOptions extends StreamName {
  /** Addresses that may send; none lets everybody. */
  readonly senders: readonly string[];
  /** Of a multicast group: name of the interface; empty lets the system choose. */
  readonly interface: string;
}

export interface ListenOptions {
  /** `http_publish` takes FLV by POST; it answers nothing else. */
  readonly protocol: 'rtmp' | 'http' | 'http_publish' | 'webrtc' | 'srt' | 'mpegts_udp';
  /** Of WebRTC alone; the others speak TCP. */
  readonly transport?: 'udp' | 'tcp';
  readonly ip: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** PEM files; both make the listener speak TLS. */
  readonly certificate_file?: string;
  readonly key_file?: string;
  /** With TLS: peers may choose HTTP/2 by ALPN. */
  readonly http2?: boolean;
  /** Of an SRT listener. */
  readonly srt?: SrtListenOptions;
  /** Of MPEG-TS over UDP. */
  readonly caster?: CasterOptions;
  /** Peers among the trusted proxies send a PROXY header first. */
  readonly proxy_protocol?: boolean;
}

/** Where a call goes. Its session is opened and closed as others are, under this `cid`. */
export interface RelayTarget {
  readonly protocol: 'srt';
  readonly cid: string;
  readonly ip: string;
  readonly port: number;
  readonly srt: SrtSocketOptions & { readonly stream_id: string };
}

/** Sends a stream there; it need not be published yet. Asks nobody. */
export interface RelayPush extends RelayTarget {
  readonly mode: 'push';
  readonly app: string;
  readonly stream: string;
  readonly media: PlayOptions;
}

/** Fetches a stream from there, and asks to publish it as every publisher does. */
export interface RelayPull extends RelayTarget, StreamName {
  readonly mode: 'pull';
}

export type RelayCall = RelayPush | RelayPull;

/** A listener that is open. */
export interface EngineListener {
  readonly id: ListenerId;
  readonly ip: string;
  readonly port: number;
}

/** Answer to `connect_requested`. */
export interface ConnectOptions {
  readonly chunk_size: number;
  readonly out_ack_size: number;
  readonly in_ack_size: number;
}

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

/** How live streams over HTTP begin, and announce their tracks; see `vhost.http_remux`. */
export interface RemuxOptions {
  readonly has_audio: boolean;
  readonly has_video: boolean;
  readonly guess_has_av: boolean;
  readonly drop_if_not_match: boolean;
  /** Recent audio that a player of AAC or MP3 gets first. */
  readonly fast_cache_ms: number;
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

/** Answer to `hls_session_requested`. */
export interface HlsSessionOptions {
  readonly stream: EngineStreamKey;
}

/** A codec as negotiated, with the payload type that the peer's SDP gives it. */
export interface WebrtcCodec {
  readonly payload_type: number;
  /** Encoding name of its RTP payload format, e.g. `H264`, `opus`. */
  readonly name: string;
  readonly clock_rate: number;
  /** 0 for video. */
  readonly channels: number;
  /** Parameters as in `a=fmtp`, without the payload type. */
  readonly fmtp: string;
  /** RFC 4588; left out when it was not negotiated. */
  readonly rtx_payload_type?: number;
}

/** One m-line of a WebRTC session, after offer and answer. */
export interface WebrtcMedia {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  /** From the server's side. */
  readonly direction: 'recvonly' | 'sendonly' | 'inactive';
  /** In order of preference; a player's first one is what it is sent. */
  readonly codecs: readonly WebrtcCodec[];
  /** Of a player's media: the server's own. */
  readonly ssrc?: number;
  readonly rtx_ssrc?: number;
  readonly cname?: string;
  /** Of a publisher's: the layers of its simulcast, as in `a=simulcast`. */
  readonly rids: readonly string[];
  /** Of a publisher's: the sources that its SDP names (`a=ssrc`), without those of RTX. */
  readonly ssrcs: readonly number[];
  readonly extensions: readonly { readonly id: number; readonly uri: string }[];
  readonly nack: boolean;
  readonly pli: boolean;
  readonly fir: boolean;
  readonly transport_cc: boolean;
  readonly goog_remb: boolean;
}

/** ECDSA P-256, or RSA of 2048 bits. */
export type WebrtcCertificateKey = 'ecdsa' | 'rsa';

/** A WebRTC peer, described before its first packet comes. */
export interface WebrtcSessionOptions {
  /** Context id: 8 characters [0-9a-z]; empty lets the engine make one. */
  readonly cid: string;
  readonly role: 'publish' | 'play';
  readonly stream: EngineStreamKey;
  /** Of the client that asked, for `session_opened`. */
  readonly ip: string;
  /** Of the other end of its connection, or what a trusted proxy says: for `max_connections_per_address`. */
  readonly peer_ip: string;
  readonly local_ufrag: string;
  readonly local_pwd: string;
  readonly remote_ufrag: string;
  readonly remote_pwd: string;
  /** What the server is; `off` goes with plain RTP. */
  readonly dtls: 'active' | 'passive' | 'off';
  /** Which certificate the answer names. */
  readonly certificate: WebrtcCertificateKey;
  /** Encrypt what is sent; what comes is encrypted whenever there is DTLS. */
  readonly encrypt: boolean;
  /** The peer's certificate must fit one of them. */
  readonly remote_fingerprints: readonly { readonly hash: string; readonly value: string }[];
  /** Until the peer is connected. */
  readonly connect_timeout_ms: number;
  /** Without connectivity checks; `rtc.stun_timeout`. */
  readonly session_timeout_ms: number;
  /** `rtc.stun_strict_check`: refuse peers that say ICE-CONTROLLED. */
  readonly strict_check: boolean;
  /** In the order of the m-lines. */
  readonly media: readonly WebrtcMedia[];
  /** Of a publisher. */
  readonly publish?: PublishOptions;
  /** Of a player. */
  readonly play?: PlayOptions;
  /** Of a player: the layer of simulcast that it wants, a rid, `low` or `high`; left out: what its path takes. */
  readonly layer?: string;
  /** `rtc.keep_bframe`. */
  readonly keep_bframe: boolean;
  /** `rtc.keep_avc_nalu_sei`. */
  readonly keep_sei: boolean;
  /** `rtc.pli_for_rtmp`; 0 asks for no key frames but those that players ask for. */
  readonly pli_for_rtmp_ms: number;
  /** `rtc.nack_no_copy`. */
  readonly nack_no_copy: boolean;
  /** `rtc.rtc_to_rtmp`: make frames of what comes, for players of other protocols. */
  readonly rtc_to_rtmp: boolean;
  /** `rtc.drop_for_pt`; 0 drops nothing. */
  readonly drop_for_pt: number;
}

/** New ICE credentials of a session, RFC 8445 §9. */
export interface IceCredentials {
  readonly local_ufrag: string;
  readonly local_pwd: string;
  readonly remote_ufrag: string;
  readonly remote_pwd: string;
}

export type AcceptOptions = ConnectOptions | PublishOptions | PlayOptions | HlsSessionOptions;

/** Why a request was refused. */
export interface Rejection {
  readonly code: ErrorCode;
  /** For the peer, where its protocol has a place for it. */
  readonly text: string;
  readonly http_status?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Live streams over HTTP below one path template. */
export interface LiveMount extends RemuxOptions {
  /** `flv`, `ts`, `aac` or `mp3`. */
  readonly format: string;
  /** e.g. `[vhost]/[app]/[stream].flv`. */
  readonly mount: string;
}

/** A folder of static files below a path. */
export interface StaticMount {
  readonly mount: string;
  readonly dir: string;
}

/** What the HTTP listeners serve for one vhost. */
export interface HttpVhost {
  readonly name: string;
  readonly live_mounts: readonly LiveMount[];
  readonly hls: HlsOptions | null;
  readonly static_mounts: readonly StaticMount[];
}

/** Everything about the HTTP listeners that may change while they are open. */
export interface HttpConfig {
  /** Answer with CORS headers that allow every origin. */
  readonly crossdomain: boolean;
  readonly server_header: string;
  readonly vhosts: readonly HttpVhost[];
}

export interface LoopStats {
  readonly index: number;
  /** Times the loop woke up since the start. */
  readonly turns: number;
  readonly busy_ns: number;
  /** Longest turn since the last question. */
  readonly longest_turn_ns: number;
}

export interface EngineStats {
  readonly loops: readonly LoopStats[];
  /** TCP connections that are open. */
  readonly connections: number;
  /** Frames that one loop could not hand to another, because that one was behind. */
  readonly dropped_for_loop: number;
  /** Whether FFmpeg's libraries are there; `unknown` until audio was first to be transcoded. */
  readonly transcoding: 'unknown' | 'available' | 'unavailable';
}

/** How one loop was doing at its last report, at most a second ago. */
export interface LoopFigures {
  readonly index: number;
  /** When it reported: monotonic, ms, on the clock of `monotonicMs`; 0 before the first time. */
  readonly at_ms: number;
  /** Turns since the start by their length; the bounds are {@link LOOP_TURN_BOUNDS_MS}. */
  readonly turns_by_length: readonly number[];
  readonly busy_ns: number;
  /** How long after its time the report was made: what timers have to wait. */
  readonly late_ns: number;
  readonly sessions: number;
  readonly streams: number;
  /** Frames from other loops that were not processed yet. */
  readonly frames_waiting: number;
  /** Frames that other loops did not take from it. */
  readonly dropped_for_loop: number;
  /** Blocks of pooled memory that are in use. */
  readonly pool_blocks: number;
  readonly pool_free_bytes: number;
}

/** Upper bounds of the classes of `turns_by_length`; one more class follows (`Loop::kTurnBounds`). */
export const LOOP_TURN_BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 1000] as const;

/** What all sessions have moved so far, as of the last report of their loops. */
export interface EngineReport {
  readonly loops: readonly LoopFigures[];
  /** Names of the numbers of a record: `session`, `at_ms`, and those of `SessionCounters`. */
  readonly columns: readonly string[];
  /** Records one after the other, doubles in the byte order of the machine. */
  readonly sessions: Uint8Array;
  /** Names of the numbers of a record of `transports`: `session`, and those of `TransportFigures`. */
  readonly transport_columns: readonly string[];
  /** As `sessions`, of those alone whose protocol measures the network. */
  readonly transports: Uint8Array;
}

/** Versions of the addon and of what is linked into it. */
export interface NativeVersions {
  readonly millrace: string;
  readonly openssl: string;
}

/** A peer connected. */
export interface SessionOpened {
  readonly type: 'session_opened';
  readonly session: SessionId;
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
  /** Port of the listener. */
  readonly local_port: number;
  readonly tls: boolean;
  /** Context id: 8 characters [0-9a-z]. */
  readonly cid: string;
}

/** RTMP `connect`. */
export interface ConnectRequested {
  readonly type: 'connect_requested';
  readonly session: SessionId;
  readonly tc_url: string;
  readonly app: string;
  readonly page_url: string;
  readonly swf_url: string;
  readonly flash_version: string;
  readonly schema: string;
  readonly host: string;
  readonly port: number;
  /** Candidate: what the peer named, before the configuration was asked. */
  readonly vhost: string;
  readonly param: string;
  /** What a proxy wrote before the handshake (byte 0xf3), as anybody may; empty for nothing. */
  readonly proxied_ip: string;
}

/** The parts of a stream's name, as the peer wrote them. */
export interface RequestedName {
  /** Candidate: what the peer named, before the configuration was asked. */
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** Query of the user, with its `?`. */
  readonly param: string;
  readonly tc_url: string;
  readonly page_url: string;
  /** Of the client where a proxy stands before the server; the peer's when it is left out. */
  readonly ip?: string;
  /** Value of the HTTP header `Authorization`; left out where the protocol has none. */
  readonly authorization?: string;
  /** A trusted proxy says so: `ip` holds for access rules too. */
  readonly ip_trusted?: boolean;
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

/** First request of a viewer of HLS that is told apart by `hls_ctx`. */
export interface HlsSessionRequested extends RequestedName {
  readonly type: 'hls_session_requested';
  readonly session: SessionId;
  /** The `hls_ctx`, which is the context id. */
  readonly cid: string;
  readonly ip: string;
  /** Of the other end of the connection. */
  readonly peer_ip: string;
  /** Of the playlist, as the player asked for it. */
  readonly path: string;
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

/** A call of ours is answered; media flows. */
export interface RelayConnected {
  readonly type: 'relay_connected';
  readonly session: SessionId;
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

export interface SessionClosed {
  readonly type: 'session_closed';
  readonly session: SessionId;
  readonly code: EndCode;
  readonly detail: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** Times the peer was too slow and skipped to a random access point. */
  readonly skips: number;
}

/** A request on an HTTP listener that the engine does not serve itself. */
export interface HttpRequest {
  readonly type: 'http_request';
  readonly request: RequestId;
  readonly session: SessionId;
  readonly method: string;
  /** Request target as received. */
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
  readonly ip: string;
  readonly tls: boolean;
}

/** A fault that repeats; the engine counts and reports it at most once a second. */
export interface Trouble {
  readonly type: 'trouble';
  /** The last one it happened to; 0 for none. */
  readonly session?: SessionId;
  readonly area: string;
  readonly code: ErrorCode;
  readonly detail: number;
  readonly count: number;
}

/** Media can flow: ICE and DTLS have come to their end. Told again when the peer has come to another path. */
export interface WebrtcConnected {
  readonly type: 'webrtc_connected';
  readonly session: SessionId;
  /** The peer's address. */
  readonly candidate: string;
  readonly protocol: 'udp' | 'tcp';
  /** e.g. `DTLSv1.2`; empty without DTLS. */
  readonly dtls_version: string;
  /** Name of RFC 5764 or RFC 7714; empty for plain RTP. */
  readonly srtp_profile: string;
}

/**
 * What is known of a peer that is not connected, or of a publisher that is and sends no media; told while it
 * is so, at most every five seconds, at the end of one that was never connected, and when media comes at last.
 */
export interface WebrtcTrouble {
  readonly type: 'webrtc_trouble';
  readonly session: SessionId;
  /** Connectivity checks with the right password. */
  readonly checks: number;
  /** Checks that named the session but had another password. */
  readonly bad_integrity: number;
  /** Address of the last check; empty when none came. */
  readonly from: string;
  readonly dtls: 'off' | 'waiting' | 'handshaking' | 'connected' | 'failed';
  /** RTP packets that came. */
  readonly packets: number;
  /** Packets that came with other keys, or broken. */
  readonly undecryptable: number;
  /** Of the last failure; `NONE` when there was none. */
  readonly code: EndCode;
}

export type EngineEvent =
  | SessionOpened
  | ConnectRequested
  | PublishRequested
  | PlayRequested
  | HlsSessionRequested
  | RelayConnected
  | StreamTracks
  | HlsSegment
  | OutputFailed
  | MediaStopped
  | SessionClosed
  | WebrtcConnected
  | WebrtcTrouble
  | HttpRequest
  | Trouble;

/** The engine as the addon exports it; see {@link EngineEvent} for what it reports. */
export interface NativeEngine {
  /** @throws Error with `code`, `number` and `detail` of the error table. */
  listen(options: ListenOptions): EngineListener;
  unlisten(id: ListenerId): void;
  /** Calls another server; the session's events tell what becomes of it. */
  connect(call: RelayCall): void;
  /**
   * Reads the certificate of a TLS listener again, for handshakes from now on.
   * @throws Error `TLS_BAD_CERTIFICATE`: the old one stays.
   */
  reload_certificate(id: ListenerId): void;
  /** Answers the request that the session waits with; the kind of options must be that of the request. */
  accept(session: SessionId, options: AcceptOptions): void;
  reject(session: SessionId, rejection: Rejection): void;
  /** Ends the session. */
  close(session: SessionId, code: ErrorCode): void;
  respond(request: RequestId, answer: HttpAnswer): void;
  /**
   * `sha-256 AB:CD:...` of the certificate with such a key, which is made when it is first asked for and lives
   * as long as the engine.
   */
  webrtc_certificate(key: WebrtcCertificateKey): { readonly fingerprint: string };
  /**
   * Describes a peer that was admitted; it has `connect_timeout_ms` to connect. `session_opened` follows.
   * @throws Error with `code` of the error table, e.g. `LIMIT_CONNECTIONS`.
   */
  webrtc_create(options: WebrtcSessionOptions): SessionId;
  /** The session goes on with new credentials as soon as a check uses them. */
  webrtc_restart_ice(session: SessionId, credentials: IceCredentials): void;
  /** Replaces everything that the HTTP listeners serve, at once. */
  configure_http(config: HttpConfig): void;
  /** Whoever is connected stays, also above the limit. */
  set_max_connections(limit: number): void;
  stats(): EngineStats;
  /** Counters of loops and sessions; the loops renew them once a second. */
  report(): EngineReport;
  /** Closes the listeners only: sessions go on. */
  stop_listening(): void;
  /**
   * Closes listeners, ends sessions, joins the threads; blocks for less than a second.
   * @return the events that were not delivered yet: none come later.
   */
  stop(): readonly EngineEvent[];
}

/** What `millrace.node` exports. */
export interface NativeAddon {
  versions(): NativeVersions;
  readonly Engine: new (
    options: EngineOptions,
    onEvents: (events: readonly EngineEvent[]) => void,
  ) => NativeEngine;
}
