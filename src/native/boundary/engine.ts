import type { ErrorCode } from '../../errors/codes.ts';
import type { EngineReport, EngineStats } from './figures.ts';
import type { HlsSegment, HlsSessionOptions, HlsSessionRequested } from './hls.ts';
import type { HttpAnswer, HttpConfig, HttpRequest } from './http.ts';
import type { CasterOptions } from './mpegts-udp.ts';
import type { ListenerId, RequestId, SessionId } from './names.ts';
import type { RelayCall, RelayConnected } from './relay.ts';
import type { ConnectOptions, ConnectRequested } from './rtmp.ts';
import type { Rejection, SessionClosed, SessionOpened, Trouble } from './session.ts';
import type { SrtListenOptions } from './srt.ts';
import type {
  MediaStopped,
  OutputFailed,
  PlayOptions,
  PlayRequested,
  PublishOptions,
  PublishRequested,
  StreamTracks,
  TranscodingChanged,
} from './stream.ts';
import type {
  IceCredentials,
  WebrtcCertificateKey,
  WebrtcConnected,
  WebrtcLayers,
  WebrtcSentLayer,
  WebrtcSessionOptions,
  WebrtcTrouble,
} from './webrtc.ts';

/**
 * What crosses between TypeScript and the engine: plain data with keys in `snake_case`. Commands go
 * in, events come out in batches; no media byte passes. Durations end in `_ms`, sizes in `_bytes`.
 */

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

/** A listener that is open. */
export interface EngineListener {
  readonly id: ListenerId;
  readonly ip: string;
  readonly port: number;
}

export type AcceptOptions = ConnectOptions | PublishOptions | PlayOptions | HlsSessionOptions;

/** Versions of the addon and of what is linked into it. */
export interface NativeVersions {
  readonly millrace: string;
  readonly openssl: string;
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
  | WebrtcLayers
  | WebrtcSentLayer
  | HttpRequest
  | TranscodingChanged
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
  /** Which layer of simulcast a player wants from now on: a rid, `low`, `high`; empty for the best that fits. */
  webrtc_choose_layer(session: SessionId, layer: string): void;
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
