import type { FastifyInstance } from 'fastify';
import { ApiApps } from './api/api-apps.ts';
import { type ApiContext, answerHead } from './api/api-context.ts';
import { openApiWarning } from './api/open-api-warning.ts';
import { ReloadRequests } from './api/reload-requests.ts';
import { summaryOf } from './api/summaries.ts';
import { Credentials } from './auth/credentials.ts';
import { Callbacks } from './callbacks/callbacks.ts';
import { Heartbeat } from './callbacks/heartbeat.ts';
import type { MillraceConfig } from './config/millrace-config.ts';
import { engineHandlers } from './engine-handlers.ts';
import { describeError, errorCodeFrom, ServerError } from './errors/server-error.ts';
import { EngineRequests } from './http/engine-requests.ts';
import { localAddresses } from './identity/local-addresses.ts';
import type { ServerIdentity } from './identity/server-identity.ts';
import { SIGNATURE, SRS_VERSION } from './identity/version.ts';
import { Listeners, planListeners } from './listeners.ts';
import type { Log, Logger } from './log/logger.ts';
import { RepeatedLines } from './log/repeated-lines.ts';
import { Monitoring } from './monitoring.ts';
import type { EngineEvent, NativeAddon, NativeEngine } from './native/boundary/engine.ts';
import type { StreamTracks } from './native/boundary/stream.ts';
import { dispatch, type EventHandlers } from './native/dispatch.ts';
import { engineOptions } from './native/engine-options.ts';
import { Admissions } from './protocols/admissions.ts';
import type { Hooks } from './protocols/hooks.ts';
import { httpConfig } from './protocols/http-config.ts';
import { protocols } from './protocols/registry.ts';
import { playerPages } from './protocols/webrtc/player-pages.ts';
import { webrtcRoutes } from './protocols/webrtc/routes.ts';
import { Signaling } from './protocols/webrtc/signaling.ts';
import { SrtRelays } from './relay/srt-relays.ts';
import type { ConfigReloader } from './reload/config-reloader.ts';
import { Sessions } from './sessions/sessions.ts';
import { PithyLines } from './statistics/pithy-lines.ts';
import { IdlePublishers } from './streams/idle-publishers.ts';
import type { StreamRegistry } from './streams/registry.ts';
import { CertificateWatch } from './tls/certificate-watch.ts';

/** Lines of one peer about the usual course of its sessions, in a second. */
const LINES_PER_SECOND = 200;
/** Lines of one peer about one kind of error, in a second. */
const FAULTS_PER_SECOND = 5;
/** Longest delay that a timer takes. */
const FOREVER_MS = 2 ** 31 - 1;

/** What a running server is made from. */
export interface RunningServerOptions {
  /** The configuration of now: a reload replaces it. */
  readonly config: () => MillraceConfig;
  readonly addon: NativeAddon;
  readonly identity: ServerIdentity;
  readonly registry: StreamRegistry;
  readonly hooks: Hooks;
  readonly log: Log;
  /** Context of lines that belong to no session. */
  readonly ownLog: Logger;
  readonly onTracks: (tracks: StreamTracks) => void;
  readonly reloader: ConfigReloader;
}

/** Everything that exists from start to close: the engine, and the parts that answer it. */
export class RunningServer {
  readonly engine: NativeEngine;
  readonly sessions: Sessions;
  readonly listeners: Listeners;
  readonly #options: RunningServerOptions;
  readonly #lines: RepeatedLines;
  readonly #faults: RepeatedLines;
  readonly #callbacks: Callbacks;
  readonly #monitoring: Monitoring;
  readonly #pithyLines: PithyLines;
  readonly #signaling: Signaling;
  readonly #apps: ApiApps;
  readonly #heartbeat: Heartbeat;
  #openApiWarning: string | undefined;
  readonly #idlePublishers: IdlePublishers;
  readonly #relays: SrtRelays;
  readonly #handlers: EventHandlers;
  readonly #certificates: CertificateWatch;
  /** The engine's threads do not keep a Node.js process alive; a server must. */
  readonly #keepAlive = setInterval(() => {}, FOREVER_MS);

  /** Starts the engine's threads; no port is open yet. */
  constructor(options: RunningServerOptions) {
    const { config, registry, log, ownLog, onTracks } = options;
    this.#options = options;
    this.#lines = new RepeatedLines(ownLog, LINES_PER_SECOND);
    this.#faults = new RepeatedLines(ownLog, FAULTS_PER_SECOND);
    this.#callbacks = new Callbacks({
      identity: options.identity,
      log,
      lines: this.#lines,
      faults: this.#faults,
    });
    this.engine = this.#startEngine();
    this.listeners = new Listeners(this.engine, ({ purpose }) => {
      const app = () => (purpose === 'exporter' ? this.#apps.exporter : this.#apps.api);
      return (request, response) => app().routing(request, response);
    });
    this.sessions = new Sessions(registry, this.#callbacks, log, this.#lines, this.#faults);
    const admissions = this.#buildAdmissions();
    this.#monitoring = new Monitoring({
      config,
      identity: options.identity,
      engine: this.engine,
      registry,
      sessions: this.sessions,
      pendingAdmissions: () => admissions.pending,
    });
    this.#pithyLines = new PithyLines({
      config,
      statistics: this.#monitoring.statistics,
      machine: () => this.#monitoring.machine.latest,
      connections: () => this.engine.stats().connections,
      log,
      ownLog,
    });
    const apiContext = this.#apiContext();
    this.#signaling = this.#buildSignaling(admissions);
    this.#apps = new ApiApps(apiContext, this.#onHttpFault, (app) => {
      playerPages(app);
      this.#addWebrtcRoutes(app);
    });
    this.#heartbeat = new Heartbeat({
      config,
      identity: options.identity,
      // What containers and machines behind NAT are called by others.
      ip: process.env.SRS_DEVICE_IP || this.#ownAddress(),
      summaries: () => summaryOf(apiContext),
      log: ownLog,
    });
    this.#certificates = new CertificateWatch(() => this.listeners.open, ownLog);
    this.#idlePublishers = new IdlePublishers(
      registry,
      ({ key }) => config().vhosts.get(key.vhost)?.publish.kickoffForIdleMs ?? 0,
      ({ peer }) => this.engine.close(peer.id, 'KICKED_FOR_IDLE'),
    );
    this.#relays = new SrtRelays({ config, engine: this.engine, registry, log: ownLog });
    this.#handlers = engineHandlers({
      relays: this.#relays,
      engine: this.engine,
      sessions: this.sessions,
      admissions,
      requests: new EngineRequests(() => this.#apps.httpServer, this.#onHttpFault),
      statistics: this.#monitoring.statistics,
      callbacks: this.#callbacks,
      signaling: this.#signaling,
      log: ownLog,
      lines: this.#lines,
      faults: this.#faults,
      onTracks,
      disconnectPublisher: (url, code) => {
        const publisher = registry.get(url)?.publication?.peer;
        if (publisher) {
          this.engine.close(publisher.id, code);
        }
      },
    });
    this.#configureEngine(config());
    registry.on('published', ({ url }) => this.#logSourceUpdate(url));
  }

  /**
   * Opens all ports, or none.
   * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `TLS_BAD_CERTIFICATE`.
   */
  async open(): Promise<void> {
    const { config } = this.#options;
    await this.#apps.ready();
    await this.listeners.change(planListeners(config()));
    this.#idlePublishers.start();
    this.#relays.start();
    this.#monitoring.start();
    this.#pithyLines.start();
    this.#warnOfOpenApi(config());
    this.#heartbeat.start();
    this.#certificates.start();
  }

  /**
   * Has ports and engine do what another configuration says; the caller then puts it in force. When that
   * cannot be done, everything is as before.
   * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `TLS_BAD_CERTIFICATE`.
   */
  async reconfigure(next: MillraceConfig): Promise<void> {
    try {
      // Before the ports: a port that opens must know at once what it serves.
      this.#configureEngine(next);
      await this.listeners.change(planListeners(next));
      this.#pithyLines.restart(next.process.pithyPrintMs);
      this.#warnOfOpenApi(next);
    } catch (error) {
      this.#configureEngine(this.#options.config());
      throw error;
    }
  }

  /** Closes ports and sessions and ends the threads. */
  async close(): Promise<void> {
    this.#idlePublishers.stop();
    this.#pithyLines.stop();
    this.#relays.stop();
    this.#monitoring.stop();
    this.#heartbeat.stop();
    this.#certificates.stop();
    await this.listeners.close();
    this.#onEvents(this.engine.stop().filter(isEnd));
    // Whoever still decides must not answer an engine that has stopped.
    this.sessions.clear();
    await Promise.all([this.#apps.close(), this.#callbacks.close()]);
    clearInterval(this.#keepAlive);
    this.#lines.flush();
    this.#faults.flush();
  }

  /** Once for each configuration that says it anew. */
  #warnOfOpenApi(config: MillraceConfig): void {
    const warning = openApiWarning(config);
    if (warning !== undefined && warning !== this.#openApiWarning) {
      this.#options.ownLog.warn(warning);
    }
    this.#openApiWarning = warning;
  }

  #configureEngine(config: MillraceConfig): void {
    this.engine.set_max_connections(config.process.maxConnections);
    if (config.httpServer.enabled) {
      this.engine.configure_http(httpConfig(config, SIGNATURE));
    }
  }

  #startEngine(): NativeEngine {
    const { addon, config, identity } = this.#options;
    const { pid } = identity;
    const ip = this.#ownAddress();
    return new addon.Engine(
      engineOptions(config(), { server: SIGNATURE, version: SRS_VERSION, ip, pid }),
      (events) => this.#onEvents(events),
    );
  }

  /** The local address that `stats.network` chooses. */
  #ownAddress(): string {
    const addresses = localAddresses();
    return addresses[this.#options.config().stats.network] ?? addresses[0] ?? '127.0.0.1';
  }

  #apiContext(): ApiContext {
    const { config, identity, reloader } = this.#options;
    const { statistics, machine, metrics, startedAtMs } = this.#monitoring;
    return {
      identity,
      config,
      statistics,
      machine,
      startedAtMs,
      kick: (session) => this.engine.close(session, 'KICKED'),
      chooseLayer: (session, layer) => {
        if (!this.#signaling.chooseLayerOf(session, layer)) {
          throw new ServerError('RTC_REQUEST_INVALID', 'only players of WebRTC choose a layer');
        }
      },
      reloads: new ReloadRequests(reloader),
      metrics: () => metrics.text(),
    };
  }

  #buildSignaling(admissions: Admissions): Signaling {
    const { config, registry } = this.#options;
    return new Signaling({
      config,
      engine: this.engine,
      registry,
      sessions: this.sessions,
      admissions,
      ports: () => {
        const { protocol } = config().rtcServer;
        return {
          udp: protocol === 'tcp' ? [] : this.listeners.portsFor('rtc'),
          tcp: protocol === 'udp' ? [] : this.listeners.portsFor('rtc_tcp'),
        };
      },
    });
  }

  #addWebrtcRoutes(app: FastifyInstance): void {
    const { identity, ownLog } = this.#options;
    webrtcRoutes(app, {
      signaling: this.#signaling,
      head: () => answerHead({ identity }),
      onRefused: (ip, error) => {
        const code = errorCodeFrom(error);
        const level = code === 'INTERNAL' ? 'error' : 'warn';
        const line = `serve error ${describeError(error)}, ip=${ip}`;
        this.#faults.write(ownLog, level, `webrtc ${code} ${ip}`, line);
        this.#monitoring.statistics.fault('webrtc', code);
      },
    });
  }

  #buildAdmissions(): Admissions {
    const { config, registry, hooks } = this.#options;
    return new Admissions({
      config,
      engine: this.engine,
      registry,
      protocols,
      services: { hooks, credentials: new Credentials(), callbacks: this.#callbacks },
      casterOutput: (port) => this.listeners.casterOutput(port),
      lines: this.#lines,
      faults: this.#faults,
    });
  }

  /** Tells players whose publisher came or changed where their media comes from now. */
  #logSourceUpdate(url: string): void {
    const { registry } = this.#options;
    const stream = registry.get(url);
    const line = `update source_id=${stream?.sourceId}/${stream?.previousSourceId}`;
    for (const { peer } of registry.players(url)) {
      const session = this.sessions.get(peer.id);
      if (session) {
        this.#lines.write(session.log, 'info', url, line);
      }
    }
  }

  readonly #onHttpFault = (error: unknown, url: string): void => {
    this.#fault('http', `http ${url}: ${describeError(error)}`);
  };

  /** Tells of a fault of ours, in few lines: whoever found it can cause it again and again. */
  #fault(kind: string, message: string): void {
    this.#faults.write(this.#options.ownLog, 'error', `fault ${kind}`, message);
  }

  #onEvents(events: readonly EngineEvent[]): void {
    for (const event of events) {
      if (event.type === 'publish_stopped' || event.type === 'session_closed') {
        this.sessions.freeName(event.session);
      }
    }
    dispatch(events, this.#handlers, (error, event) => {
      this.#fault(event.type, `event ${event.type}: ${describeError(error)}`);
      if ('session' in event && event.session !== undefined) {
        this.engine.close(event.session, errorCodeFrom(error));
      }
    });
  }
}

/** What is still of interest when nobody can be answered any more. */
function isEnd({ type }: EngineEvent): boolean {
  return (
    type === 'hls_segment' ||
    type === 'publish_stopped' ||
    type === 'play_stopped' ||
    type === 'session_closed'
  );
}
