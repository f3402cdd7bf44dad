import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';

/** One packet as FFmpeg demuxed it. */
export interface Packet {
  readonly kind: 'video' | 'audio';
  /** Seconds. */
  readonly dts: number;
  readonly pts: number;
  readonly key: boolean;
  /** Of the payload: names the frame. */
  readonly hash: string;
}

export interface Track {
  readonly kind: 'video' | 'audio';
  /** Name in FFmpeg, e.g. `h264`. */
  readonly codec: string;
}

/** What a player received. */
export interface Watched {
  readonly tracks: readonly Track[];
  readonly packets: readonly Packet[];
}

interface ProbeReport {
  readonly streams: readonly { readonly codec_type: string; readonly codec_name?: string }[];
  readonly packets: readonly {
    readonly codec_type: string;
    readonly dts_time?: string;
    readonly pts_time?: string;
    readonly flags: string;
    readonly data_hash: string;
  }[];
}

const isMedia = (type: string): type is 'video' | 'audio' => type === 'video' || type === 'audio';

/** Reads what `ffprobe -show_streams -show_packets -show_data_hash md5 -of json` printed. */
export function watched(json: string): Watched {
  const { streams, packets } = JSON.parse(json) as ProbeReport;
  return {
    tracks: streams.flatMap(({ codec_type: kind, codec_name: codec = 'unknown' }) =>
      isMedia(kind) ? [{ kind, codec }] : [],
    ),
    packets: packets.flatMap(({ codec_type: kind, dts_time, pts_time, flags, data_hash: hash }) => {
      const pts = Number(pts_time ?? dts_time);
      const dts = Number(dts_time ?? pts_time);
      return isMedia(kind) ? [{ kind, dts, pts, key: flags.startsWith('K'), hash }] : [];
    }),
  };
}

const probed = new Map<string, Watched>();

/** The packets of a file; read once for each test process. */
export function packetsOf(file: string): Watched {
  let found = probed.get(file);
  if (!found) {
    const args = ['-show_packets', '-show_streams', '-show_data_hash', 'md5', '-of', 'json', file];
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 30_000 };
    found = watched(execFileSync('ffprobe', ['-v', 'error', ...args], limits).toString());
    probed.set(file, found);
  }
  return found;
}

export function ofKind({ packets }: Watched, kind: Packet['kind']): readonly Packet[] {
  return packets.filter((packet) => packet.kind === kind);
}

/**
 * Checks that `received` is one run of `sent`: begun anywhere, with none lost, doubled, changed or out of
 * order. @return where in `sent` the run begins.
 */
export function expectRun(received: readonly string[], sent: readonly string[]): number {
  const start = sent.indexOf(received[0] ?? 'nothing received');
  expect(start, 'the first frame is one that was sent').toBeGreaterThanOrEqual(0);
  const wrong = received.findIndex((hash, at) => hash !== sent[start + at]);
  if (wrong >= 0) {
    const is = sent.indexOf(received[wrong] ?? '');
    const what = is < 0 ? 'one that was never sent' : `number ${is}`;
    throw new Error(`after frame number ${start + wrong - 1} of those sent came ${what}`);
  }
  return start;
}

/** Checks that each kind of packet that was received is a run of those that were sent. */
export function expectUntouched(
  received: Watched,
  sent: Watched,
  least: { readonly video?: number; readonly audio?: number },
): void {
  for (const kind of ['video', 'audio'] as const) {
    const hashes = ofKind(received, kind).map(({ hash }) => hash);
    expect(hashes.length, `${kind} packets`).toBeGreaterThanOrEqual(least[kind] ?? 0);
    if (hashes.length > 0) {
      const sentHashes = ofKind(sent, kind).map(({ hash }) => hash);
      expectRun(hashes, sentHashes);
    }
  }
}

/** Checks that the decoding times of each track never go back, and that no time is missing. */
export function expectEvenTimes(received: Watched, longestGap = 0.1): void {
  for (const kind of ['video', 'audio'] as const) {
    const times = ofKind(received, kind).map(({ dts }) => dts);
    for (let at = 1; at < times.length; at += 1) {
      const step = (times[at] ?? 0) - (times[at - 1] ?? 0);
      expect(step, `${kind} packet ${at} at ${times[at]}`).toBeGreaterThanOrEqual(0);
      expect(step, `${kind} packet ${at} at ${times[at]}`).toBeLessThan(longestGap);
    }
  }
}

/**
 * Checks that audio and video stand to each other in time as they were sent, to within `tolerance`
 * seconds: RTMP's milliseconds round.
 */
export function expectSameOffset(received: Watched, sent: Watched, tolerance = 0.005): void {
  const shift = (kind: Packet['kind']) => {
    const first = ofKind(received, kind)[0];
    const same = ofKind(sent, kind).find(({ hash }) => hash === first?.hash);
    return (first?.pts ?? Number.NaN) - (same?.pts ?? Number.NaN);
  };
  expect(Math.abs(shift('video') - shift('audio'))).toBeLessThanOrEqual(tolerance);
}
