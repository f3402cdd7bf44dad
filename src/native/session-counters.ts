import { ServerError } from '../errors/server-error.ts';
import type { EngineReport } from './boundary/figures.ts';

/** What sessions count, as the engine names it: `SessionCounters` of `native/control`. */
export const SESSION_COLUMNS = [
  'bytes_in',
  'bytes_out',
  'video_frames',
  'audio_frames',
  'packets_lost',
  'packets_resent',
  'dropped',
  'skips',
  'queued_bytes',
  'wraps',
  'jumps',
  'steps_back',
  'reordered',
  'composition',
] as const;

export type SessionColumn = (typeof SESSION_COLUMNS)[number];

/** One record of a report. Valid only until the next one is read. */
export interface SessionRecord {
  readonly session: number;
  /** When the loop took it; monotonic, ms, on the clock of `monotonicMs`. */
  readonly atMs: number;
  get(column: SessionColumn): number;
}

/** Now, on the clock of the engine's reports (CLOCK_MONOTONIC), ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/**
 * Shows the records of a report one after the other, without making an object for each.
 * @throws ServerError `ADDON_UNUSABLE` when a column is missing: the addon is of another version.
 */
export function forEachSession(report: EngineReport, visit: (record: SessionRecord) => void): void {
  const width = report.columns.length;
  const places = new Map<string, number>(report.columns.map((name, at) => [name, at]));
  for (const name of ['session', 'at_ms', ...SESSION_COLUMNS]) {
    if (!places.has(name)) {
      throw new ServerError('ADDON_UNUSABLE', `reports of the engine have no column ${name}`);
    }
  }
  const numbers = doubles(report.sessions);
  const sessionAt = places.get('session') ?? 0;
  const timeAt = places.get('at_ms') ?? 0;
  // Looked up here and not for each of ten thousand records.
  const at = Object.fromEntries(places) as Readonly<Record<SessionColumn, number>>;
  let row = 0;
  const record = {
    session: 0,
    atMs: 0,
    get: (column: SessionColumn) => numbers[row + at[column]] ?? 0,
  };
  for (; row + width <= numbers.length; row += width) {
    record.session = numbers[row + sessionAt] ?? 0;
    record.atMs = numbers[row + timeAt] ?? 0;
    visit(record);
  }
}

/** The numbers of a report, in the byte order of the machine. */
export function doubles(bytes: Uint8Array): Float64Array {
  const aligned = bytes.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Float64Array(
    aligned.buffer,
    aligned.byteOffset,
    Math.floor(aligned.byteLength / Float64Array.BYTES_PER_ELEMENT),
  );
}
