import type { Registry } from 'prom-client';
import type { ClientEntry, ProtocolSums } from '../statistics/entries.ts';
import type { Transport } from '../statistics/transport.ts';
import type { MetricsContext } from './context.ts';
import { addCounter, addGauge, type Samples } from './counters.ts';
import { firstOf, labelsOf } from './stream-metrics.ts';

/** What is shown of each session's network: a name, and its value in the base unit of Prometheus. */
const FIGURES: readonly {
  readonly name: string;
  readonly help: string;
  readonly of: (transport: Transport) => number;
}[] = [
  { name: 'rtt_seconds', help: 'Round trip', of: ({ figures }) => figures.rtt_ms / 1000 },
  { name: 'loss_ratio', help: 'Part of the packets that were lost lately', of: ({ loss }) => loss },
  {
    name: 'bandwidth_bits_per_second',
    help: 'What the path is estimated to carry',
    of: ({ figures }) => figures.bandwidth_bps,
  },
  {
    name: 'buffer_seconds',
    help: 'Media that the server holds',
    of: ({ figures }) => figures.buffer_ms / 1000,
  },
];

/** Sessions make no series of their own: they are shown by these parts of all of a protocol. */
const QUANTILES = ['0', '0.5', '0.95', '1'] as const;

/** Series of how the network does, of the protocols that measure it. */
export function addTransportMetrics(registry: Registry, context: MetricsContext): void {
  const { statistics, config } = context;
  const each = (value: (sums: ProtocolSums) => number): Samples =>
    [...statistics.protocols].map((sums) => [
      { protocol: sums.protocol, action: sums.publishes ? 'publish' : 'play' },
      value(sums),
    ]);
  addCounter(registry, {
    name: 'millrace_packets_received_total',
    help: 'Media packets received, once each, where the protocol counts them.',
    labels: ['protocol', 'action'],
    read: () => each(({ packetsReceived }) => packetsReceived),
  });
  addCounter(registry, {
    name: 'millrace_packets_sent_total',
    help: 'Media packets sent, once each, where the protocol counts them.',
    labels: ['protocol', 'action'],
    read: () => each(({ packetsSent }) => packetsSent),
  });
  for (const { name, help, of } of FIGURES) {
    addGauge(registry, {
      name: `millrace_transport_${name}`,
      help: `${help}: smallest, median, 95th percentile and largest of the sessions of a protocol.`,
      labels: ['protocol', 'action', 'quantile'],
      read: () => quantiles(statistics.clients.values(), of),
    });
    addGauge(registry, {
      name: `millrace_stream_publisher_${name}`,
      help: `${help}: of the publisher of the stream.`,
      labels: ['vhost', 'app', 'stream'],
      read: () =>
        firstOf(statistics.streams.values(), config().exporter.streamSeries).flatMap((stream) => {
          const value = stream.publisher?.transport && of(stream.publisher.transport);
          return value === undefined || Number.isNaN(value)
            ? []
            : [[labelsOf(stream), value] as const];
        }),
    });
  }
}

function* quantiles(
  clients: Iterable<ClientEntry>,
  of: (transport: Transport) => number,
): Generator<Samples extends Iterable<infer Sample> ? Sample : never> {
  const values = new Map<ProtocolSums, number[]>();
  for (const { transport, sums } of clients) {
    const value = transport ? of(transport) : Number.NaN;
    if (!Number.isNaN(value)) {
      const known = values.get(sums);
      known ? known.push(value) : values.set(sums, [value]);
    }
  }
  for (const [{ protocol, publishes }, unsorted] of values) {
    const sorted = Float64Array.from(unsorted).sort();
    for (const quantile of QUANTILES) {
      const at = Math.ceil(Number(quantile) * sorted.length) - 1;
      yield [
        { protocol, action: publishes ? 'publish' : 'play', quantile },
        sorted[Math.max(at, 0)] ?? 0,
      ];
    }
  }
}
