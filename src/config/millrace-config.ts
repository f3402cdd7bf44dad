import type { Endpoint } from './endpoint.ts';
import type { log, process } from './schema/global.ts';
import type { rootSchema } from './schema/root.ts';
import type { EndpointInput, FieldInputs, FieldValues } from './schema/spec.ts';
import type { vhosts } from './schema/vhost.ts';

/**
 * The typed configuration: what the tables of `schema/` describe, with every default applied and
 * every default that depends on another value worked out. Durations end in `Ms`, sizes in `Bytes`.
 */

export type { Endpoint } from './endpoint.ts';
export type { AccessRule, TokenKey, UserEntry } from './schema/kinds.ts';

type RootFields = (typeof rootSchema)['fields'];
type VhostFields = (typeof vhosts)['fields'];
type Root = FieldValues<RootFields>;
type RawVhost = FieldValues<VhostFields>;

/** Severity names of log lines. */
export type LogLevel = Log['level'];
/** Where log lines go, from which severity on, and in which time zone. */
export type Log = Omit<FieldValues<(typeof log)['fields']>, 'levelV1'>;
/** Identity, working directory and life time of the process. */
export type Process = Omit<FieldValues<(typeof process)['fields']>, 'isFull'>;
/** Loop threads and the bounds of what peers may take. */
export type Limits = Root['millrace'];

export interface HttpApi extends Omit<Root['httpApi'], 'https'> {
  readonly https: Omit<Root['httpApi']['https'], 'listen'> & {
    readonly listen: readonly Endpoint[];
  };
}
export type HttpServer = Root['httpServer'];

export interface Play extends Omit<RawVhost['play'], 'mwMsgs'> {
  /** Messages that a merged write waits for; 0 sends at once. */
  readonly mwMsgs: number;
}
export interface Hls extends Omit<RawVhost['hls'], 'keyFilePath' | 'keyUrl'> {
  /** Directory of key files. */
  readonly keyFilePath: string;
  /** Url put before the name of a key file. */
  readonly keyUrl: string;
}
export type Publish = RawVhost['publish'];
export type HttpStatic = RawVhost['httpStatic'];
export type HttpRemux = RawVhost['httpRemux'];
export type HttpHooks = RawVhost['httpHooks'];

/** One virtual host. */
export interface VhostConfig extends Omit<RawVhost, 'chunkSize' | 'play' | 'hls'> {
  readonly name: string;
  /** RTMP chunk size sent to peers, in bytes. */
  readonly chunkSize: number;
  readonly play: Play;
  readonly hls: Hls;
}

/** Everything, frozen. */
export interface MillraceConfig extends Omit<Root, 'log' | 'process' | 'httpApi' | 'vhosts'> {
  readonly log: Log;
  readonly process: Process;
  readonly httpApi: HttpApi;
  /** By name; see {@link vhostFor}. */
  readonly vhosts: ReadonlyMap<string, VhostConfig>;
}

/** One vhost as `configFromObject` takes it. */
export type VhostInput = FieldInputs<VhostFields>;
/** One endpoint list as `configFromObject` takes it: `1935`, `'127.0.0.1:1935'`, or objects. */
export type EndpointsInput = EndpointInput | readonly EndpointInput[];

/** What `configFromObject` takes: every field may be left out. */
export interface ConfigInput extends Omit<FieldInputs<RootFields>, 'vhosts'> {
  /** By name. Without any, `__defaultVhost__` with its defaults serves every name. */
  readonly vhosts?: Readonly<Record<string, VhostInput>> | undefined;
}

/** Name of the vhost that serves the names without a block of their own. */
export const DEFAULT_VHOST = '__defaultVhost__';

/**
 * The vhost that serves `name`: the one of that name, else the default one (the stream is then
 * renamed to it), else none and the client is refused.
 */
export function vhostFor(
  config: Pick<MillraceConfig, 'vhosts'>,
  name: string,
): VhostConfig | undefined {
  return config.vhosts.get(name) ?? config.vhosts.get(DEFAULT_VHOST);
}
