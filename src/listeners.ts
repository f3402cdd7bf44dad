import type { RequestListener } from 'node:http';
import { type Endpoint, formatEndpoint, sameEndpoints } from './config/endpoint.ts';
import type { MillraceConfig } from './config/millrace-config.ts';
import { errorCodeFrom, ServerError } from './errors/server-error.ts';
import { HttpListener, type TlsFiles } from './http/http-listener.ts';
import type { ListenOptions, NativeEngine } from './native/boundary.ts';
import { findPortHolder } from './process/port-holder.ts';

/** What a listener is for. */
export type ListenerPurpose = 'rtmp' | 'rtmps' | 'http' | 'https' | 'api' | 'apis' | 'exporter';

/** One endpoint that the configuration asks for. */
export interface PlannedListener {
  readonly purpose: ListenerPurpose;
  /** Path of the directive, for messages. */
  readonly directive: string;
  readonly endpoint: Endpoint;
  readonly tls: TlsFiles | undefined;
}

/** One open port. */
export interface OpenListener {
  readonly purpose: ListenerPurpose;
  /** With the port that the system chose, where the configuration said 0. */
  readonly endpoint: Endpoint;
}

/** Everything that is to listen, in the order in which it is opened. */
export function planListeners(config: MillraceConfig): readonly PlannedListener[] {
  const { rtmp, rtmps, httpServer, httpApi, exporter } = config;
  return [
    ...plan('rtmp', 'listen', rtmp.listen),
    ...(rtmps.enabled ? plan('rtmps', 'rtmps.listen', rtmps.listen, rtmps) : []),
    ...(httpServer.enabled ? plan('http', 'http_server.listen', httpServer.listen) : []),
    ...(httpServer.https.enabled
      ? plan('https', 'http_server.https.listen', httpServer.https.listen, httpServer.https)
      : []),
    ...(httpApi.enabled && !sharesHttpPort(config)
      ? plan('api', 'http_api.listen', httpApi.listen)
      : []),
    ...(httpApi.https.enabled && !sharesHttpsPort(config)
      ? plan('apis', 'http_api.https.listen', httpApi.https.listen, httpApi.https)
      : []),
    ...(exporter.enabled ? plan('exporter', 'exporter.listen', exporter.listen) : []),
  ];
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
): PlannedListener[] {
  const files = tls && { certificateFile: tls.cert, keyFile: tls.key };
  return endpoints.map((endpoint) => ({ purpose, directive, endpoint, tls: files }));
}

/** The open ports of one server: those of the engine, and those of the API. */
export class Listeners {
  readonly #engine: NativeEngine;
  readonly #api: HttpListener[] = [];
  readonly #open: OpenListener[] = [];

  constructor(engine: NativeEngine) {
    this.#engine = engine;
  }

  get open(): readonly OpenListener[] {
    return this.#open;
  }

  /**
   * Opens one port.
   * @param apiHandler  answers on the ports of the API and of the exporter.
   * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `TLS_BAD_CERTIFICATE`, naming directive and port.
   */
  async add(planned: PlannedListener, apiHandler: RequestListener): Promise<void> {
    const { purpose } = planned;
    try {
      if (purpose === 'api' || purpose === 'apis' || purpose === 'exporter') {
        const listener = await HttpListener.open(planned.endpoint, apiHandler, planned.tls);
        this.#api.push(listener);
        this.#open.push({ purpose, endpoint: listener.endpoint });
        return;
      }
      const { ip, port } = this.#engine.listen(engineListenOptions(planned));
      this.#open.push({ purpose, endpoint: { address: ip, port } });
    } catch (cause) {
      throw listenError(planned, cause);
    }
  }

  /** Closes all ports; sessions of the engine go on. */
  async close(): Promise<void> {
    this.#engine.stop_listening();
    await Promise.all(this.#api.splice(0).map((listener) => listener[Symbol.asyncDispose]()));
    this.#open.length = 0;
  }
}

function engineListenOptions({ purpose, endpoint, tls }: PlannedListener): ListenOptions {
  return {
    protocol: purpose === 'rtmp' || purpose === 'rtmps' ? 'rtmp' : 'http',
    ip: endpoint.address,
    port: endpoint.port,
    ...(tls && { certificate_file: tls.certificateFile, key_file: tls.keyFile }),
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
  return new ServerError(code === 'INTERNAL' ? 'LISTEN_FAILED' : code, `cannot open ${where}`, {
    cause,
  });
}
