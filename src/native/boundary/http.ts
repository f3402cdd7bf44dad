import type { HlsOptions } from './hls.ts';
import type { RequestId, SessionId } from './names.ts';

/** How live streams over HTTP begin, and announce their tracks; see `vhost.http_remux`. */
export interface RemuxOptions {
  readonly has_audio: boolean;
  readonly has_video: boolean;
  readonly guess_has_av: boolean;
  readonly drop_if_not_match: boolean;
  /** Recent audio that a player of AAC or MP3 gets first. */
  readonly fast_cache_ms: number;
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
