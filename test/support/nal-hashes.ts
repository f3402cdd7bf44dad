import { execFileSync } from 'node:child_process';

/**
 * Types of NAL units that a muxer adds: parameter sets, the access unit delimiter, and the SEI that hvcC may
 * hold.
 */
const ADDED = { h264: '7|8|9', hevc: '32-35|39' } as const;

/**
 * Hashes of the coded pictures of a file, without what containers add or leave out, so that FLV, MPEG-TS
 * and fMP4 can be compared.
 */
export function nalHashes(file: string, codec: keyof typeof ADDED): readonly string[] {
  const filters = `${codec}_mp4toannexb,filter_units=remove_types=${ADDED[codec]}`;
  const input = ['-v', 'error', '-nostdin', '-i', file, '-map', '0:v', '-c', 'copy'];
  return hashesOf([...input, '-bsf:v', filters]);
}

/** Hashes of the AAC frames of a file, without ADTS headers. */
export function aacHashes(file: string): readonly string[] {
  const input = ['-v', 'error', '-nostdin', '-i', file, '-map', '0:a', '-c', 'copy'];
  return hashesOf([...input, '-bsf:a', 'aac_adtstoasc']);
}

function hashesOf(args: readonly string[]): readonly string[] {
  const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 30_000 };
  const text = execFileSync('ffmpeg', [...args, '-f', 'framemd5', '-'], limits).toString();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // stream, dts, pts, duration, size, hash; side data may follow.
  return lines.map((line) => line.split(',')[5]?.trim() ?? '');
}
