import type { ErrorCode } from '../../src/errors/codes.ts';
import { errorTable } from '../../src/errors/codes.ts';
import type {
  AcceptOptions,
  EngineEvent,
  EngineListener,
  EngineOptions,
  ListenOptions,
  NativeAddon,
  NativeEngine,
} from '../../src/native/boundary/engine.ts';
import type { EngineReport, EngineStats } from '../../src/native/boundary/figures.ts';
import type { HttpAnswer, HttpConfig } from '../../src/native/boundary/http.ts';
import type { RelayCall } from '../../src/native/boundary/relay.ts';
import type { Rejection } from '../../src/native/boundary/session.ts';
import type { PlayRequested, PublishRequested } from '../../src/native/boundary/stream.ts';
import type {
  IceCredentials,
  WebrtcCertificateKey,
  WebrtcSessionOptions,
} from '../../src/native/boundary/webrtc.ts';
import { SESSION_COLUMNS } from '../../src/native/session-counters.ts';
import { TRANSPORT_COLUMNS } from '../../src/native/transport-figures.ts';

/** A command that the engine was given. */
export type Command =
  | { readonly name: 'accept'; readonly session: number; readonly options: AcceptOptions }
  | { readonly name: 'reject'; readonly session: number; readonly rejection: Rejection }
  | { readonly name: 'close'; readonly session: number; readonly code: ErrorCode };

/** An engine without sockets: tests play the peers. Remembers what it was told. */
export class FakeEngine implements NativeEngine {
  readonly commands: Command[] = [];
  readonly #listeners = new Map<number, ListenOptions>();
  readonly calls: RelayCall[] = [];
  readonly answers = new Map<number, HttpAnswer>();
  /** WebRTC peers that were described, by session. */
  readonly webrtc = new Map<number, WebrtcSessionOptions>();
  readonly restarts = new Map<number, IceCredentials>();
  /** Layers that players were made to want. */
  readonly layers = new Map<number, string>();
  http: HttpConfig | undefined;
  transcoding: EngineStats['transcoding'] = 'available';
  maxConnections: number | undefined;
  stopped = false;
  connections = 0;
  /** Code that the next `listen` fails with. */
  failListen: ErrorCode | undefined;
  /** Port that `listen` fails for. */
  takenPort: number | undefined;
  #nextPort = 50_000;
  #nextListener = 1;
  #nextSession = 1;

  readonly options: EngineOptions;
  /** Delivers a batch of events, as the engine does. */
  readonly deliver: (events: readonly EngineEvent[]) => void;

  constructor(options: EngineOptions, deliver: (events: readonly EngineEvent[]) => void) {
    this.options = options;
    this.deliver = deliver;
  }

  /** What is listened on, in the order in which it was asked for. */
  get listening(): readonly ListenOptions[] {
    return [...this.#listeners.values()];
  }

  listen(options: ListenOptions): EngineListener {
    const code = options.port === this.takenPort ? 'PORT_IN_USE' : this.failListen;
    if (code) {
      const { text, number } = errorTable[code];
      throw Object.assign(new Error(text), { code, number, detail: 98 });
    }
    const id = this.#nextListener++;
    this.#listeners.set(id, options);
    return { id, ip: options.ip, port: options.port || this.#nextPort++ };
  }

  connect(call: RelayCall): void {
    this.calls.push(call);
  }

  unlisten(id: number): void {
    this.#listeners.delete(id);
  }

  reload_certificate(): void {}

  accept(session: number, options: AcceptOptions): void {
    this.commands.push({ name: 'accept', session, options });
  }

  reject(session: number, rejection: Rejection): void {
    this.commands.push({ name: 'reject', session, rejection });
  }

  close(session: number, code: ErrorCode): void {
    this.commands.push({ name: 'close', session, code });
    this.deliver([closed(session, code)]);
  }

  respond(request: number, answer: HttpAnswer): void {
    this.answers.set(request, answer);
  }

  configure_http(config: HttpConfig): void {
    this.http = config;
  }

  set_max_connections(limit: number): void {
    this.maxConnections = limit;
  }

  webrtc_certificate(key: WebrtcCertificateKey): { readonly fingerprint: string } {
    const byte = key === 'rsa' ? 'CD' : 'AB';
    return { fingerprint: `sha-256 ${Array(32).fill(byte).join(':')}` };
  }

  webrtc_create(options: WebrtcSessionOptions): number {
    const session = this.open(options.ip, 'webrtc', options.cid || undefined);
    this.webrtc.set(session, options);
    return session;
  }

  webrtc_restart_ice(session: number, credentials: IceCredentials): void {
    this.restarts.set(session, credentials);
  }

  webrtc_choose_layer(session: number, layer: string): void {
    this.layers.set(session, layer);
  }

  stats(): EngineStats {
    const { connections, transcoding } = this;
    return { loops: [], connections, dropped_for_loop: 0, transcoding };
  }

  /** Record of each session that has counters. */
  readonly counters = new Map<number, Readonly<Record<string, number>>>();

  report(): EngineReport {
    const columns = ['session', 'at_ms', ...SESSION_COLUMNS];
    const records = [...this.counters].flatMap(([session, values]) =>
      columns.map((name) => (name === 'session' ? session : (values[name] ?? 0))),
    );
    return {
      loops: [],
      columns,
      sessions: new Uint8Array(Float64Array.from(records).buffer),
      transport_columns: ['session', ...TRANSPORT_COLUMNS],
      transports: new Uint8Array(),
    };
  }

  stop_listening(): void {
    this.#listeners.clear();
  }

  stop(): readonly EngineEvent[] {
    this.stopped = true;
    return [];
  }

  /** A peer connects. @return its session. */
  open(ip = '192.0.2.1', protocol = 'rtmp', cid?: string): number {
    const session = this.#nextSession++;
    this.connections += 1;
    this.deliver([
      {
        type: 'session_opened',
        session,
        protocol,
        ip,
        port: 40_000 + session,
        local_port: 1935,
        tls: false,
        cid: cid ?? `cid${String(session).padStart(5, '0')}`,
      },
    ]);
    return session;
  }

  /** What the last command to a session was. */
  lastOf(session: number): Command | undefined {
    return this.commands.findLast((command) => command.session === session);
  }
}

const NAME = {
  vhost: '127.0.0.1',
  app: 'live',
  stream: 'livestream',
  param: '',
  tc_url: 'rtmp://127.0.0.1/live',
  page_url: '',
} as const;

export function publishRequested(
  session: number,
  changes: Partial<PublishRequested> = {},
): PublishRequested {
  return {
    type: 'publish_requested',
    session,
    protocol: 'rtmp',
    form: 'fmle',
    ...NAME,
    ...changes,
  };
}

export function playRequested(
  session: number,
  changes: Partial<PlayRequested> = {},
): PlayRequested {
  return {
    type: 'play_requested',
    session,
    protocol: 'rtmp',
    format: 'rtmp',
    ...NAME,
    ...changes,
  };
}

export function closed(session: number, code: ErrorCode = 'PEER_CLOSED'): EngineEvent {
  return {
    type: 'session_closed',
    session,
    code,
    detail: 0,
    bytes_in: 0,
    bytes_out: 0,
    skips: 0,
  };
}

/** An addon whose engines are remembered in the order in which they were made. */
export class FakeAddon implements NativeAddon {
  readonly engines: FakeEngine[] = [];
  readonly Engine: NativeAddon['Engine'];

  constructor(prepare: (engine: FakeEngine) => void = () => {}) {
    const { engines } = this;
    this.Engine = class extends FakeEngine {
      constructor(options: EngineOptions, deliver: (events: readonly EngineEvent[]) => void) {
        super(options, deliver);
        engines.push(this);
        prepare(this);
      }
    };
  }

  /** The engine of the only server. */
  get engine(): FakeEngine {
    const [engine] = this.engines;
    if (!engine) {
      throw new Error('no engine was made');
    }
    return engine;
  }

  versions() {
    return { millrace: '0.0.0', openssl: '3.0.0' };
  }
}
