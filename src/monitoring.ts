import type { MillraceConfig } from './config/millrace-config.ts';
import type { ServerIdentity } from './identity/server-identity.ts';
import { MachineSampler } from './machine/machine-sampler.ts';
import { Metrics } from './metrics/metrics.ts';
import type { NativeEngine } from './native/boundary/engine.ts';
import type { Sessions } from './sessions/sessions.ts';
import { ReportTimer } from './statistics/report-timer.ts';
import { Statistics } from './statistics/statistics.ts';
import type { StreamRegistry } from './streams/registry.ts';

/** What is watched. */
export interface MonitoringOptions {
  readonly config: () => MillraceConfig;
  readonly identity: ServerIdentity;
  readonly engine: Pick<NativeEngine, 'report' | 'stats'>;
  readonly registry: StreamRegistry;
  readonly sessions: Pick<Sessions, 'get'>;
  /** Requests that wait for their decision. */
  readonly pendingAdmissions: () => number;
}

/** Watches who publishes and plays, the engine, and the machine: for API and metrics. */
export class Monitoring {
  /** Wall clock, ms. */
  readonly startedAtMs = Date.now();
  readonly statistics: Statistics;
  readonly machine: MachineSampler;
  readonly metrics: Metrics;
  readonly #options: MonitoringOptions;
  readonly #reports: ReportTimer;

  constructor(options: MonitoringOptions) {
    const { config, engine, registry, identity, pendingAdmissions } = options;
    const { startedAtMs } = this;
    const statistics = new Statistics(identity.serviceId);
    this.#options = options;
    this.statistics = statistics;
    this.machine = new MachineSampler(() => config().stats);
    this.#reports = new ReportTimer(() => statistics.update(engine.report()));
    this.metrics = new Metrics({
      identity,
      config,
      statistics,
      machine: this.machine,
      startedAtMs,
      connections: () => engine.stats().connections,
      pendingAdmissions,
    });
    registry.on('published', ({ peer }) => this.#begin(peer, true));
    registry.on('playing', ({ peer }) => this.#begin(peer, false));
  }

  /** @throws ServerError `ADDON_UNUSABLE` when the addon is of another version. */
  start(): void {
    this.statistics.update(this.#options.engine.report());
    this.machine.start();
    this.#reports.start();
  }

  stop(): void {
    this.#reports.stop();
    this.metrics.stop();
    this.machine.stop();
  }

  #begin(peer: { readonly id: number; readonly cid: string }, publishes: boolean): void {
    const description = this.#options.sessions.get(peer.id)?.description;
    if (description) {
      this.statistics.begin(peer, publishes, description);
    }
  }
}
