import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Registry } from 'prom-client';
import { ServerError } from '../errors/server-error.ts';
import type { MetricsContext } from './context.ts';
import { addHealthMetrics } from './health-metrics.ts';
import { addProtocolMetrics } from './protocol-metrics.ts';
import { addSrsMetrics } from './srs-metrics.ts';
import { addStreamMetrics } from './stream-metrics.ts';
import { addTransportMetrics } from './transport-metrics.ts';
import { addWebrtcMetrics } from './webrtc-metrics.ts';

/** Between two looks at how late the main thread is, ms: fine enough for what a person notices. */
const RESOLUTION_MS = 20;

/** The exporter: all series, read when somebody asks. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #context: MetricsContext;
  readonly #mainThreadDelay: IntervalHistogram;

  constructor(context: MetricsContext) {
    this.#context = context;
    this.#mainThreadDelay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    addSrsMetrics(this.#registry, context);
    addProtocolMetrics(this.#registry, context);
    addStreamMetrics(this.#registry, context);
    addTransportMetrics(this.#registry, context);
    addWebrtcMetrics(this.#registry, context);
    addHealthMetrics(this.#registry, context, this.#mainThreadDelay);
  }

  stop(): void {
    this.#mainThreadDelay.disable();
  }

  /**
   * All series in the text format 0.0.4.
   * @throws ServerError `EXPORTER_DISABLED`.
   */
  async text(): Promise<string> {
    if (!this.#context.config().exporter.enabled) {
      throw new ServerError('EXPORTER_DISABLED', 'see exporter.enabled');
    }
    // From the first scrape on: an exporter that nobody asks costs nothing.
    this.#mainThreadDelay.enable();
    return this.#registry.metrics();
  }
}
