import { type IntervalHistogram, performance } from 'node:perf_hooks';
import type { Registry } from 'prom-client';
import { LOOP_TURN_BOUNDS_MS, type LoopFigures } from '../native/boundary/figures.ts';
import type { MetricsContext } from './context.ts';
import { addCounter, addGauge, type Samples } from './counters.ts';

const NS = 1e9;

/** Series of the loop threads, and of the main thread. */
export function addHealthMetrics(
  registry: Registry,
  { statistics, connections, pendingAdmissions }: MetricsContext,
  mainThreadDelay: IntervalHistogram,
): void {
  const labels = ['loop'] as const;
  const each = (value: (loop: LoopFigures) => number): Samples =>
    statistics.loops.map((loop) => [{ loop: String(loop.index) }, value(loop)]);

  addTurnHistogram(registry, () => statistics.loops);
  addCounter(registry, {
    name: 'millrace_loop_busy_seconds_total',
    help: 'Time that a loop thread was not waiting.',
    labels,
    read: () => each(({ busy_ns }) => busy_ns / NS),
  });
  addGauge(registry, {
    name: 'millrace_loop_late_seconds',
    help: 'How late the timer of the last second ran on a loop thread.',
    labels,
    read: () => each(({ late_ns }) => late_ns / NS),
  });
  addGauge(registry, {
    name: 'millrace_loop_sessions',
    help: 'Sessions of a loop thread.',
    labels,
    read: () => each(({ sessions }) => sessions),
  });
  addGauge(registry, {
    name: 'millrace_loop_streams',
    help: 'Streams that a loop thread publishes or mirrors.',
    labels,
    read: () => each(({ streams }) => streams),
  });
  addGauge(registry, {
    name: 'millrace_loop_frames_waiting',
    help: 'Frames from other loop threads that wait.',
    labels,
    read: () => each(({ frames_waiting }) => frames_waiting),
  });
  addGauge(registry, {
    name: 'millrace_loop_pool_free_bytes',
    help: 'Pooled memory of a loop thread that is not in use.',
    labels,
    read: () => each(({ pool_free_bytes }) => pool_free_bytes),
  });
  addGauge(registry, {
    name: 'millrace_queued_bytes',
    help: 'Bytes of media that players have not taken yet.',
    read: () => {
      let bytes = 0;
      for (const { queuedBytes } of statistics.clients.values()) {
        bytes += queuedBytes;
      }
      return bytes;
    },
  });
  addGauge(registry, {
    name: 'millrace_connections',
    help: 'Connections and sessions that count against max_connections.',
    read: connections,
  });
  addGauge(registry, {
    name: 'millrace_admissions_pending',
    help: 'Publishers and players that wait for a decision.',
    read: pendingAdmissions,
  });
  addGauge(registry, {
    name: 'millrace_main_thread_delay_seconds',
    help: 'How late timers ran on the main thread since the last scrape.',
    labels: ['quantile'],
    read: () => {
      const samples = (['0.5', '0.99', '1'] as const).map(
        (quantile) =>
          [{ quantile }, mainThreadDelay.percentile(Number(quantile) * 100) / NS] as const,
      );
      mainThreadDelay.reset();
      return samples;
    },
  });
  let before = performance.eventLoopUtilization();
  addGauge(registry, {
    name: 'millrace_main_thread_utilization',
    help: 'Part of the time since the last scrape that the main thread was busy, 0 to 1.',
    read: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
  });
  addGauge(registry, {
    name: 'millrace_main_thread_heap_bytes',
    help: 'JavaScript heap in use.',
    read: () => process.memoryUsage().heapUsed,
  });
}

/** The turns were sorted into classes by the loops themselves; prom-client only sorts what it observes. */
function addTurnHistogram(registry: Registry, loops: () => readonly LoopFigures[]): void {
  const name = 'millrace_loop_turn_seconds';
  const histogram = {
    name,
    help: 'How long the turns of a loop thread took.',
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({
      name,
      help: histogram.help,
      type: histogram.type,
      aggregator: histogram.aggregator,
      values: loops().flatMap((loop) => turnValues(name, loop)),
    }),
  };
  registry.registerMetric(histogram as unknown as Parameters<Registry['registerMetric']>[0]);
}

function turnValues(name: string, { index, turns_by_length, busy_ns }: LoopFigures) {
  const loop = String(index);
  let count = 0;
  const buckets = turns_by_length.map((turns, at) => {
    count += turns;
    const bound = LOOP_TURN_BOUNDS_MS[at];
    const le = bound === undefined ? '+Inf' : String(bound / 1000);
    return { metricName: `${name}_bucket`, labels: { loop, le }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: { loop }, value: busy_ns / NS },
    { metricName: `${name}_count`, labels: { loop }, value: count },
  ];
}
