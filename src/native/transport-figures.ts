import { ServerError } from '../errors/server-error.ts';
import type { EngineReport } from './boundary/figures.ts';
import { doubles } from './session-counters.ts';

/** How the network does, as the engine names it: `TransportFigures` of `native/control`. */
export const TRANSPORT_COLUMNS = [
  'rtt_ms',
  'jitter_ms',
  'packets_in',
  'packets_out',
  'packets_lost',
  'packets_resent',
  'packets_dropped',
  'bandwidth_bps',
  'latency_ms',
  'buffer_ms',
  'buffer_bytes',
  'packets_recovered',
  'nacks',
  'key_frame_requests',
] as const;

export type TransportColumn = (typeof TRANSPORT_COLUMNS)[number];

/** Of one session at its last report; what its protocol does not know is NaN. */
export type TransportFigures = Readonly<Record<TransportColumn, number>>;

/**
 * Shows the figures of those sessions whose protocol measures the network.
 * @throws ServerError `ADDON_UNUSABLE` when a column is missing: the addon is of another version.
 */
export function forEachTransport(
  report: EngineReport,
  visit: (session: number, figures: TransportFigures) => void,
): void {
  const columns = report.transport_columns;
  for (const name of ['session', ...TRANSPORT_COLUMNS]) {
    if (!columns.includes(name)) {
      throw new ServerError('ADDON_UNUSABLE', `reports of the engine have no column ${name}`);
    }
  }
  const numbers = doubles(report.transports);
  const sessionAt = columns.indexOf('session');
  const places = TRANSPORT_COLUMNS.map((name) => [name, columns.indexOf(name)] as const);
  for (let row = 0; row + columns.length <= numbers.length; row += columns.length) {
    const figures = Object.fromEntries(
      places.map(([name, at]) => [name, numbers[row + at] ?? Number.NaN]),
    ) as TransportFigures;
    visit(numbers[row + sessionAt] ?? 0, figures);
  }
}
