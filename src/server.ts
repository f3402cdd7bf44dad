import { EventEmitter } from 'node:events';
import type { LoadedConfig } from './config/load.ts';
import type { MillraceConfig } from './config/millrace-config.ts';
import { describeError, ServerError } from './errors/server-error.ts';
import { makeIdentity, type ServerIdentity } from './identity/server-identity.ts';
import { type OpenListener, planListeners } from './listeners.ts';
import { ConsoleSink } from './log/console-sink.ts';
import { Log, type Logger } from './log/logger.ts';
import type { LogSink } from './log/sink.ts';
import { loadAddon } from './native/addon.ts';
import type { NativeAddon } from './native/boundary/engine.ts';
import type { EngineStats } from './native/boundary/figures.ts';
import { pause } from './pause.ts';
import type { Hooks } from './protocols/hooks.ts';
import { ConfigReloader } from './reload/config-reloader.ts';
import { planReload, type ReloadPlan } from './reload/reload-plan.ts';
import { RunningServer } from './running-server.ts';
import { type ServerEvents, tell, tellRegistryEvents } from './server-events.ts';
import { StreamRegistry } from './streams/registry.ts';

/** What a server may be given beside its configuration. */
export interface ServerOptions {
  /** Functions that decide who may connect, publish and play. */
  readonly hooks?: Hooks;
  /** Where log lines go; standard output unless given. Closed together with the server. */
  readonly log?: LogSink;
  /** Name of this server that outlives restarts; the configuration's unless given, else a random one. */
  readonly serverId?: string;
  /**
   * Reads the configuration anew, for reloads that are asked for from outside (`reloader.reload()`, the raw
   * API); throws when it is not valid. Without it they are refused.
   */
  readonly readConfig?: () => LoadedConfig;
  /** The native part; loaded from the package unless given. */
  readonly addon?: NativeAddon;
}

export interface CloseOptions {
  /**
   * Let clients leave by themselves: listeners stay open for `grace_start_wait`, then no new clients
   * are taken. Calling `close()` meanwhile ends the wait.
   */
  readonly graceful?: boolean;
}

/** How often a server that drains looks whether clients are left; not all of them are sessions here. */
const DRAIN_CHECK_MS = 100;

type ServerState = 'new' | 'starting' | 'running' | 'draining' | 'closed';

/**
 * Builds a server. Nothing is opened before `start()`. Any number of servers may live in one process.
 * @param config  from `loadConfig` or `configFromObject`.
 */
export function createServer(config: MillraceConfig, options: ServerOptions = {}): Server {
  return new Server(config, options);
}

/** A media server; made by {@link createServer}. It starts once and closes once. */
export class Server extends EventEmitter<ServerEvents> implements AsyncDisposable {
  readonly identity: ServerIdentity;
  readonly log: Log;
  /** Who publishes and who plays. */
  readonly streams: StreamRegistry;
  /** Reloads from where the configuration came from, and tells how the last one went. */
  readonly reloader: ConfigReloader;
  readonly #options: ServerOptions;
  readonly #ownLog: Logger;
  #config: MillraceConfig;
  #state: ServerState = 'new';
  #running: RunningServer | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** The reload that is being done, or was done last. */
  #reloading: Promise<unknown> = Promise.resolve();
  /** Aborted when a close must not wait for clients (any more). */
  readonly #hurry = new AbortController();

  /** See {@link createServer}. */
  constructor(config: MillraceConfig, options: ServerOptions) {
    super();
    this.#config = config;
    this.#options = options;
    this.identity = makeIdentity(options.serverId ?? config.process.serverId);
    this.log = new Log({
      sink: options.log ?? new ConsoleSink(),
      level: config.log.level,
      utc: config.log.utcTime,
      pid: this.identity.pid,
    });
    this.#ownLog = this.log.context(this.identity.cid);
    this.streams = new StreamRegistry({
      maxWaiting: () => this.#config.process.maxConnections,
    });
    tellRegistryEvents(this.streams, (event, what) => this.#tell(event, what));
    this.reloader = new ConfigReloader(this, this.#ownLog, options.readConfig);
  }

  /** The configuration in force. */
  get config(): MillraceConfig {
    return this.#config;
  }

  /** The ports that are open. */
  get ports(): readonly OpenListener[] {
    return this.#running?.listeners.open ?? [];
  }

  /** Counters of the engine. @throws ServerError `NOT_RUNNING`. */
  stats(): EngineStats {
    if (!this.#running) {
      throw new ServerError('NOT_RUNNING');
    }
    return this.#running.engine.stats();
  }

  /**
   * Opens all ports. When one cannot be opened, the server closes.
   * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `TLS_BAD_CERTIFICATE`, `ADDON_UNUSABLE`.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new ServerError('INVALID_ARGUMENT', `start() of a server that is ${this.#state}`);
    }
    this.#state = 'starting';
    try {
      this.#opening = this.#open();
      await this.#opening;
    } catch (error) {
      this.#ownLog.error(`start failed: ${describeError(error)}`);
      await this.close();
      throw error;
    }
    if (this.#closing !== undefined) {
      await this.#closing;
      throw new ServerError('CANCELLED', 'close() was called before start() was done');
    }
    this.#state = 'running';
    this.#tell('listening', this.ports);
  }

  /** What `reload(config)` would do now. Changes nothing. */
  planReload(config: MillraceConfig): ReloadPlan {
    return planReload(config, {
      current: this.#config,
      registry: this.streams,
      compareListeners: (next) =>
        this.#running?.listeners.compare(planListeners(next)) ?? { opens: [], closes: [] },
    });
  }

  /**
   * Takes over another configuration, all of it or nothing: ports that have come or gone are opened and
   * closed, the others are not touched; running sessions keep what they began with; what needs a restart
   * stays as it is and is named in the plan. Several reloads are done one after another.
   * @return what was done.
   * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `TLS_BAD_CERTIFICATE` when a port cannot be opened,
   *   `NOT_RUNNING` when the server closes; nothing has changed then.
   */
  reload(config: MillraceConfig): Promise<ReloadPlan> {
    const reloaded = this.#reloading.then(() => this.#reload(config));
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  /**
   * Ends the sessions of a client.
   * @param clientId  context id, from events, hooks or log lines.
   * @return false when there is none.
   */
  kick(clientId: string): boolean {
    const running = this.#running;
    const found = [...(running?.sessions ?? [])].filter(({ cid }) => cid === clientId);
    for (const { id } of found) {
      running?.engine.close(id, 'KICKED');
    }
    return found.length > 0;
  }

  /** Closes ports, sessions and log; resolves when all of it is done. May be called at any time. */
  close({ graceful = false }: CloseOptions = {}): Promise<void> {
    if (!graceful) {
      this.#hurry.abort();
    }
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    this.#running = this.#build();
    await this.#running.open();
  }

  async #reload(config: MillraceConfig): Promise<ReloadPlan> {
    await this.#opening?.catch(() => {});
    if (this.#closing !== undefined) {
      throw new ServerError('NOT_RUNNING', 'the server closes');
    }
    const plan = this.planReload(config);
    await this.#running?.reconfigure(plan.config);
    this.#config = plan.config;
    this.log.level = plan.config.log.level;
    this.#tell('reload', plan);
    return plan;
  }

  async #close(): Promise<void> {
    // Ports that are being opened must be there to be closed.
    await this.#opening?.catch(() => {});
    await this.#reloading;
    const running = this.#running;
    if (running && this.#state === 'running') {
      this.#state = 'draining';
      await this.#drain(running);
    }
    this.#state = 'closed';
    this.#running = undefined;
    await running?.close();
    this.#tell('close');
    await this.log.close();
  }

  /** Waits for the clients to leave, until a quick close is asked for. */
  async #drain(running: RunningServer): Promise<void> {
    const { graceStartWaitMs, graceFinalWaitMs } = this.#config.process;
    const { signal } = this.#hurry;
    await pause(graceStartWaitMs, signal);
    if (!signal.aborted) {
      await running.listeners.close();
      const limitMs = this.#config.millrace.gracefulQuitLimitMs;
      const limit = limitMs > 0 ? setTimeout(() => this.#hurry.abort(), limitMs) : undefined;
      while (running.engine.stats().connections > 0 && !signal.aborted) {
        await pause(DRAIN_CHECK_MS, signal);
      }
      clearTimeout(limit);
      await pause(graceFinalWaitMs, signal);
    }
  }

  #build(): RunningServer {
    const { hooks = {}, addon = loadAddon() } = this.#options;
    return new RunningServer({
      config: () => this.#config,
      addon,
      identity: this.identity,
      registry: this.streams,
      hooks,
      log: this.log,
      ownLog: this.#ownLog,
      onTracks: (tracks) => this.#tell('tracks', tracks),
      reloader: this.reloader,
    });
  }

  #tell<E extends keyof ServerEvents>(event: E, ...args: ServerEvents[E]): void {
    tell(this, this.#ownLog, event, ...args);
  }
}
