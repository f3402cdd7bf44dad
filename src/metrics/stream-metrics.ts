import type { Registry } from 'prom-client';
import type { StreamEntry } from '../statistics/entries.ts';
import { TIME_REPAIRS } from '../statistics/media-counts.ts';
import type { MetricsContext } from './context.ts';
import { addCounter, addGauge, type Samples } from './counters.ts';

/**
 * Series of each stream, of at most `exporter.stream_series` streams: those that came first, so that a
 * series does not come and go while its stream stays.
 */
export function addStreamMetrics(registry: Registry, { statistics, config }: MetricsContext): void {
  const labels = ['vhost', 'app', 'stream'] as const;
  const each = (value: (entry: StreamEntry) => number): Samples =>
    firstOf(statistics.streams.values(), config().exporter.streamSeries).map((entry) => [
      labelsOf(entry),
      value(entry),
    ]);

  addGauge(registry, {
    name: 'millrace_stream_published',
    help: 'Whether somebody publishes the stream.',
    labels,
    read: () => each(({ publisher }) => (publisher ? 1 : 0)),
  });
  addGauge(registry, {
    name: 'millrace_stream_players',
    help: 'Players of the stream.',
    labels,
    read: () => each(({ clients, publisher }) => clients - (publisher ? 1 : 0)),
  });
  addCounter(registry, {
    name: 'millrace_stream_receive_bytes_total',
    help: 'Bytes received for the stream.',
    labels,
    read: () => each(({ traffic }) => traffic.received),
  });
  addCounter(registry, {
    name: 'millrace_stream_send_bytes_total',
    help: 'Bytes sent to its players.',
    labels,
    read: () => each(({ traffic }) => traffic.sent),
  });
  addCounter(registry, {
    name: 'millrace_stream_video_frames_total',
    help: 'Video frames that were published.',
    labels,
    read: () => each(({ counts }) => counts.video_frames),
  });
  addCounter(registry, {
    name: 'millrace_stream_skips_total',
    help: 'Times that a player of it fell behind and went on at a later key frame.',
    labels,
    read: () => each(({ counts }) => counts.skips),
  });
  addCounter(registry, {
    name: 'millrace_stream_time_repairs_total',
    help: 'Timestamps of its publishers that were mended.',
    labels,
    read: () => each(({ counts }) => TIME_REPAIRS.reduce((sum, kind) => sum + counts[kind], 0)),
  });
  addGauge(registry, {
    name: 'millrace_streams_without_series',
    help: 'Streams beyond exporter.stream_series, which have no series of their own.',
    read: () => Math.max(statistics.streams.size - config().exporter.streamSeries, 0),
  });
}

export function labelsOf({ vhost, app, name }: StreamEntry): Record<string, string> {
  return { vhost: vhost.name, app, stream: name };
}

export function firstOf<T>(entries: Iterable<T>, count: number): T[] {
  const first: T[] = [];
  for (const entry of entries) {
    if (first.length >= count) {
      break;
    }
    first.push(entry);
  }
  return first;
}
