import type { Registry } from 'prom-client';
import type { ProtocolSums } from '../statistics/entries.ts';
import { TIME_REPAIRS } from '../statistics/media-counts.ts';
import type { MetricsContext } from './context.ts';
import { addCounter, addGauge, type Samples } from './counters.ts';

/** Series of each protocol, and what was lost or mended. */
export function addProtocolMetrics(registry: Registry, { statistics }: MetricsContext): void {
  const each = (value: (sums: ProtocolSums) => number): Samples =>
    [...statistics.protocols].map((sums) => [
      { protocol: sums.protocol, action: sums.publishes ? 'publish' : 'play' },
      value(sums),
    ]);
  const total = (value: (sums: ProtocolSums) => number): number =>
    [...statistics.protocols].reduce((sum, one) => sum + value(one), 0);
  const labels = ['protocol', 'action'] as const;

  addGauge(registry, {
    name: 'millrace_clients',
    help: 'Publishers and players that are here.',
    labels,
    read: () => each(({ clients }) => clients),
  });
  addCounter(registry, {
    name: 'millrace_clients_total',
    help: 'Publishers and players since the start.',
    labels,
    read: () => each(({ clientsTotal }) => clientsTotal),
  });
  addCounter(registry, {
    name: 'millrace_receive_bytes_total',
    help: 'Bytes received from them.',
    labels,
    read: () => each(({ received }) => received),
  });
  addCounter(registry, {
    name: 'millrace_send_bytes_total',
    help: 'Bytes sent to them.',
    labels,
    read: () => each(({ sent }) => sent),
  });
  addCounter(registry, {
    name: 'millrace_packets_lost_total',
    help: 'Packets that the network lost, where the protocol can tell.',
    labels,
    read: () => each(({ counts }) => counts.packets_lost),
  });
  addCounter(registry, {
    name: 'millrace_packets_resent_total',
    help: 'Packets that were sent again.',
    labels,
    read: () => each(({ counts }) => counts.packets_resent),
  });
  addCounter(registry, {
    name: 'millrace_frames_total',
    help: 'Frames that publishers sent.',
    labels: ['kind'],
    read: () => [
      [{ kind: 'video' }, total(({ counts }) => counts.video_frames)],
      [{ kind: 'audio' }, total(({ counts }) => counts.audio_frames)],
    ],
  });
  addCounter(registry, {
    name: 'millrace_drops_total',
    help:
      'Times that media was left out: slow_player, a player fell behind and went on at a later key frame; ' +
      'slow_loop, frames that a loop thread was too busy to take; session, what a session threw away.',
    labels: ['reason'],
    read: () => [
      [{ reason: 'slow_player' }, total(({ counts }) => counts.skips)],
      [
        { reason: 'slow_loop' },
        statistics.loops.reduce((sum, loop) => sum + loop.dropped_for_loop, 0),
      ],
      [{ reason: 'session' }, total(({ counts }) => counts.dropped)],
    ],
  });
  addCounter(registry, {
    name: 'millrace_time_repairs_total',
    help: 'Timestamps of publishers that were mended, by what was wrong with them.',
    labels: ['kind'],
    read: () => TIME_REPAIRS.map((kind) => [{ kind }, total(({ counts }) => counts[kind])]),
  });
  addCounter(registry, {
    name: 'millrace_faults_total',
    help: 'Faults that were reported, by part of the server and name of the error.',
    labels: ['area', 'code'],
    read: () => [...statistics.faults].map(({ area, code, count }) => [{ area, code }, count]),
  });
}
