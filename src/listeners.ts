import type { RequestListener } from 'node:http';
import { getSystemErrorName, isDeepStrictEqual } from 'node:util';
import { type CasterOutput, parseCasterOutput } from './config/caster-output.ts';
import { type Endpoint, formatEndpoint, sameEndpoints } from './config/endpoint.ts';
import type { MillraceConfig } from './config/millrace-config.ts';
import { describeError, errorCodeFrom, ServerError } from './errors/server-error.ts';
import { HttpListener, type TlsFiles } from './http/http-listener.ts';
import type { ListenOptions, NativeEngine } from './native/boundary/engine.ts';
import type { CasterOptions } from './native/boundary/mpegts-udp.ts';
import type { SrtListenOptions } from './native/boundary/srt.ts';
import { findPortHolder } from './process/port-holder.ts';
import { mpegtsCasters } from './protocols/mpegts-udp/casters.ts';
import { srtListenOptions } from './protocols/srt/socket-options.ts';

/** What a listener is for. */
export type ListenerPurpose =
  | 'rtmp'
  | 'rtmps'
  | 'http'
  | 'https'
  | 'caster'
  | 'api'
  | 'apis'
  | 'exporter'
  | 'srt'
  | 'mpegts'
  | 'rtc'
  | 'rtc_tcp';

/** One endpoint that the configuration asks for. */
export interface PlannedListener {
  readonly purpose: ListenerPurpose;
  /** Path of the directive, for messages. */
  readonly directive: string;
  readonly endpoint: Endpoint;
  readonly tls: TlsFiles | undefined;
  readonly srt?: SrtListenOptions;
  readonly caster?: CasterOptions;
  /** Trusted proxies send a PROXY header first. */
  readonly proxyProtocol: boolean;
  /** Peers may choose HTTP/2. */
  readonly http2?: boolean;
  /** Of a caster: what it publishes. */
  readonly output?: CasterOutput | undefined;
}

/** One open port. */
export interface OpenListener {
  readonly purpose: ListenerPurpose;
  /** With the port that the system chose, where the configuration said 0. */
  readonly endpoint: Endpoint;
  readonly tls?: TlsFiles | undefined;
  /**
   * Of a listener with TLS: reads the files again, for handshakes from now on.
   * @throws ServerError `TLS_BAD_CERTIFICATE`: the old certificate stays.
   */
  readonly reloadCertificate?: (() => void) | undefined;
  /** Of a caster: what it publishes. */
  readonly output?: CasterOutput | undefined;
}

/** Everything that is to listen, in the order in which it is opened. */
export function planListeners(config: MillraceConfig): readonly PlannedListener[] {
  const { rtmp, rtmps, httpServer, httpApi, exporter, srtServer, rtcServer } = config;
  const proxied: readonly string[] = config.millrace.proxyProtocol;
  const planned = [
    ...plan('rtmp', 'listen', rtmp.listen),
    ...(rtmps.enabled ? plan('rtmps', 'rtmps.listen', rtmps.listen, rtmps) : []),
    ...(httpServer.enabled ? plan('http', 'http_server.listen', httpServer.listen) : []),
    ...(httpServer.https.enabled
      ? plan('https', 'http_server.https.listen', httpServer.https.listen, httpServer.https).map(
          (planned) => ({ ...planned, http2: config.millrace.http2 }),
        )
      : []),
    ...(srtServer.enabled
      ? plan('srt', 'srt_server.listen', srtServer.listen).map((planned) => ({
          ...planned,
          srt: srtListenOptions(srtServer),
        }))
      : []),
    ...mpegtsCasters(config.streamCasters).flatMap(({ listen, options }) =>
      plan('mpegts', 'stream_caster.listen', listen).map((planned) => ({
        ...planned,
        caster: options,
      })),
    ),
    ...planCasters(config),
    ...(httpApi.enabled && !sharesHttpPort(config)
      ? plan('api', 'http_api.listen', httpApi.listen)
      : []),
    ...(httpApi.https.enabled && !sharesHttpsPort(config)
      ? plan('apis', 'http_api.https.listen', httpApi.https.listen, httpApi.https)
      : []),
    ...(exporter.enabled ? plan('exporter', 'exporter.listen', exporter.listen) : []),
    ...(rtcServer.enabled ? plan('rtc', 'rtc_server.listen', rtcServer.listen) : []),
    ...(rtcServer.enabled && rtcServer.tcp.enabled
      ? plan('rtc_tcp', 'rtc_server.tcp.listen', rtcServer.tcp.listen)
      : []),
  ];
  return planned.map((one) => ({ ...one, proxyProtocol: proxied.includes(one.purpose) }));
}

/** Casters of FLV; the other kinds have listeners of their own. */
function planCasters({ streamCasters }: MillraceConfig): Omit<PlannedListener, 'proxyProtocol'>[] {
  return streamCasters
    .filter(({ enabled, caster }) => enabled && caster === 'flv')
    .flatMap(({ listen, output = '' }) =>
      plan('caster', 'stream_caster.listen', listen).map((planned) => ({
        ...planned,
        output: parseCasterOutput(output),
      })),
    );
}

/** Whether the listener of the HTTP server answers for the API too. */
export function sharesHttpPort({ httpServer, httpApi }: MillraceConfig): boolean {
  return httpServer.enabled && httpApi.enabled && areShared(httpServer.listen, httpApi.listen);
}

function sharesHttpsPort({ httpServer, httpApi }: MillraceConfig): boolean {
  const [own, other] = [httpApi.https, httpServer.https];
  return own.enabled && other.enabled && areShared(own.listen, other.listen);
}

/** Two ports that the system chooses are two ports. */
function areShared(some: readonly Endpoint[], others: readonly Endpoint[]): boolean {
  return sameEndpoints(some, others) && some.every(({ port }) => port !== 0);
}

function plan(
  purpose: ListenerPurpose,
  directive: string,
  endpoints: readonly Endpoint[],
  tls?: { readonly cert: string; readonly key: string },
): Omit<PlannedListener, 'proxyProtocol'>[] {
  const files = tls && { certificateFile: tls.cert, keyFile: tls.key };
  return endpoints.map((endpoint) => ({ purpose, directive, endpoint, tls: files }));
}

/** Ports below it are privileged, unless the system is told otherwise. */
const FIRST_FREE_PORT = 1024;

/** What is to be opened and closed so that other listeners are there; the rest is not touched. */
export interface ListenerChanges {
  readonly opens: readonly PlannedListener[];
  readonly closes: readonly OpenListener[];
}

/** One port with what it was asked for by. */
interface Listener {
  readonly planned: PlannedListener;
  readonly open: OpenListener;
  close(): Promise<void>;
}

/** The open ports of one server: those of the engine, and those that Node.js answers on. */
export class Listeners {
  readonly #engine: NativeEngine;
  readonly #handlerOf: (planned: PlannedListener) => RequestListener;
  #listeners: readonly Listener[] = [];

  /** @param handlerOf  what answers on a port of the API or of the exporter. */
  constructor(engine: NativeEngine, handlerOf: (planned: PlannedListener) => RequestListener) {
    this.#engine = engine;
    this.#handlerOf = handlerOf;
  }

  get open(): readonly OpenListener[] {
    return this.#listeners.map(({ open }) => open);
  }

  /** Ports that are open for one purpose. */
  portsFor(purpose: ListenerPurpose): readonly number[] {
    return this.open.filter((one) => one.purpose === purpose).map(({ endpoint }) => endpoint.port);
  }

  /** What {@link change} would do. */
  compare(wanted: readonly PlannedListener[]): ListenerChanges {
    const { missing, surplus } = this.#compare(wanted);
    return { opens: missing, closes: surplus.map(({ open }) => open) };
  }

  /**
   * Opens and closes ports until those of `wanted` listen. A port that stays is not touched; sessions of
   * one that is closed go on. When a port cannot be opened, everything is as before.
   * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `TLS_BAD_CERTIFICATE`, naming directive and port.
   */
  async change(wanted: readonly PlannedListener[]): Promise<void> {
    const { kept, missing, surplus } = this.#compare(wanted);
    // Ports that are opened anew, with another address or certificate, must be closed first.
    const ports = new Set(missing.map(({ endpoint }) => endpoint.port));
    const inTheWay = surplus.filter(({ open }) => ports.has(open.endpoint.port));
    const opened: Listener[] = [];
    await closeAll(inTheWay);
    try {
      for (const planned of missing) {
        opened.push(await this.#open(planned));
      }
    } catch (error) {
      await closeAll(opened);
      await this.#openAgain(inTheWay, error);
      throw error;
    }
    this.#listeners = [...kept, ...opened];
    await closeAll(surplus.filter((listener) => !inTheWay.includes(listener)));
  }

  /** What the caster on a port publishes; undefined where there is none. */
  casterOutput(port: number): CasterOutput | undefined {
    return this.open.find(({ endpoint, output }) => output && endpoint.port === port)?.output;
  }

  /** Closes all ports; sessions of the engine go on. */
  async close(): Promise<void> {
    const all = this.#listeners;
    this.#listeners = [];
    this.#engine.stop_listening();
    await closeAll(all.filter(({ planned }) => !isEnginePurpose(planned.purpose)));
  }

  /**
   * Opens ports that were closed for others, in vain.
   * @throws ServerError when another program was quicker: then it says what is lost, and for what.
   */
  async #openAgain(closed: readonly Listener[], cause: unknown): Promise<void> {
    this.#listeners = this.#listeners.filter((listener) => !closed.includes(listener));
    for (const { planned } of closed) {
      try {
        this.#listeners = [...this.#listeners, await this.#open(planned)];
      } catch (error) {
        const what = `${describeError(error)}, and it cannot be opened again`;
        throw new ServerError(errorCodeFrom(error), what, { cause });
      }
    }
  }

  #compare(wanted: readonly PlannedListener[]) {
    const surplus = [...this.#listeners];
    const kept: Listener[] = [];
    const missing: PlannedListener[] = [];
    for (const planned of wanted) {
      const at = surplus.findIndex((listener) => isDeepStrictEqual(listener.planned, planned));
      if (at < 0) {
        missing.push(planned);
      } else {
        kept.push(...surplus.splice(at, 1));
      }
    }
    return { kept, missing, surplus };
  }

  async #open(planned: PlannedListener): Promise<Listener> {
    const { purpose, tls, output } = planned;
    try {
      if (!isEnginePurpose(purpose)) {
        const handler = this.#handlerOf(planned);
        const api = await HttpListener.open(planned.endpoint, handler, tls);
        const reloadCertificate = tls && (() => api.reloadCertificate(tls));
        const open = { purpose, endpoint: api.endpoint, tls, reloadCertificate };
        return { planned, open, close: () => api[Symbol.asyncDispose]() };
      }
      const { id, ip, port } = this.#engine.listen(engineListenOptions(planned, purpose));
      const reloadCertificate = tls && (() => this.#engine.reload_certificate(id));
      const open = { purpose, endpoint: { address: ip, port }, tls, reloadCertificate, output };
      return { planned, open, close: async () => this.#engine.unlisten(id) };
    } catch (cause) {
      throw listenError(planned, cause);
    }
  }
}

async function closeAll(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()));
}

/** Protocols of the ports that the engine opens; those of the API are Node.js's. */
const ENGINE_PROTOCOLS = {
  rtmp: 'rtmp',
  rtmps: 'rtmp',
  http: 'http',
  https: 'http',
  caster: 'http_publish',
  srt: 'srt',
  mpegts: 'mpegts_udp',
  rtc: 'webrtc',
  rtc_tcp: 'webrtc',
} as const;

type EnginePurpose = keyof typeof ENGINE_PROTOCOLS;

/** Whether the engine answers there, and not Node.js. */
function isEnginePurpose(purpose: ListenerPurpose): purpose is EnginePurpose {
  return purpose in ENGINE_PROTOCOLS;
}

function engineListenOptions(planned: PlannedListener, purpose: EnginePurpose): ListenOptions {
  const { endpoint, tls, proxyProtocol, http2, srt, caster } = planned;
  return {
    protocol: ENGINE_PROTOCOLS[purpose],
    ...(purpose === 'rtc' ? { transport: 'udp' } : {}),
    ...(purpose === 'rtc_tcp' ? { transport: 'tcp' } : {}),
    ip: endpoint.address,
    port: endpoint.port,
    ...(tls && { certificate_file: tls.certificateFile, key_file: tls.keyFile }),
    ...(proxyProtocol && { proxy_protocol: true }),
    ...(http2 && { http2: true }),
    ...(srt && { srt }),
    ...(caster && { caster }),
  };
}

function listenError({ directive, endpoint }: PlannedListener, cause: unknown): ServerError {
  const code = errorCodeFrom(cause);
  const where = `port ${endpoint.port} (${directive} ${formatEndpoint(endpoint)})`;
  if (code === 'PORT_IN_USE') {
    const holder = findPortHolder(endpoint);
    const taken = `${where} is taken${holder ? ` by ${holder}` : ''}`;
    return new ServerError(code, taken, { cause });
  }
  return new ServerError(
    code === 'INTERNAL' ? 'LISTEN_FAILED' : code,
    `cannot open ${where}${reasonOf(cause, endpoint)}`,
    { cause },
  );
}

/** What the system said, in words; the engine hands up its number. */
function reasonOf(cause: unknown, { port }: Endpoint): string {
  const { detail } = cause as { detail?: unknown };
  if (typeof detail !== 'number' || detail <= 0) {
    return '';
  }
  const name = getSystemErrorName(-detail);
  return name === 'EACCES' && port < FIRST_FREE_PORT
    ? `: ${name}, a port below ${FIRST_FREE_PORT} takes root or CAP_NET_BIND_SERVICE`
    : `: ${name}`;
}
