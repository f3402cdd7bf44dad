import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../build/test-media/', import.meta.url));

/** Length of every clip in seconds: more than a test plays, so that it never ends by itself. */
const SECONDS = 20;
/** Frames a second; a random access point each second, whatever the pictures show. */
export const FPS = 25;

// Moving pictures and noise: no two frames of a clip are alike, so that a hash tells which one it is.
const picture = ['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=${FPS}:duration=${SECONDS}`];
const noise = [
  ...['-f', 'lavfi', '-i', `anoisesrc=seed=1:amplitude=0.1:r=48000:duration=${SECONDS}`],
  ...['-ac', '2'],
];
const h264 = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '200k'],
  ...['-g', `${FPS}`, '-keyint_min', `${FPS}`, '-sc_threshold', '0'],
];
const aac = ['-c:a', 'aac', '-b:a', '64k'];
const tone = ['-f', 'lavfi', '-i', `sine=frequency=1000:sample_rate=44100:duration=${SECONDS}`];
// Constrained Baseline: what every browser plays.
const baseline = [...h264, '-profile:v', 'baseline', '-bf', '0'];
const mp3 = ['-c:a', 'libmp3lame', '-b:a', '64k', '-ar', '44100'];

/** How each clip is made by ffmpeg: its arguments, and the name's extension is the container. */
const recipes = {
  'h264-bframes-aac.flv': [...picture, ...noise, ...h264, '-bf', '2', ...aac],
  'h264-aac.flv': [...picture, ...noise, ...h264, '-bf', '0', ...aac],
  'h264-mp3.flv': [...picture, ...noise, ...h264, '-bf', '0', ...mp3],
  'baseline-tone-aac.flv': [...picture, ...tone, ...baseline, ...aac, '-ac', '2'],
  'baseline-tone-mp3.flv': [...picture, ...tone, ...baseline, ...mp3],
  'baseline-tone-opus.mkv': [
    ...[...picture, ...tone, ...baseline],
    ...['-c:a', 'libopus', '-b:a', '64k', '-ar', '48000', '-ac', '2'],
  ],
  'h264.flv': [...picture, ...h264, '-bf', '0'],
  'aac.flv': [...noise, ...aac],
  'mp3.flv': [...noise, ...mp3],
  'hevc-aac.mp4': [
    ...[...picture, ...noise, '-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    ...['-b:v', '200k', '-tag:v', 'hvc1', '-x265-params'],
    ...[`keyint=${FPS}:min-keyint=${FPS}:scenecut=0:open-gop=0:log-level=error`, ...aac],
  ],
  'av1-opus.mkv': [
    ...[...picture, ...noise, '-c:v', 'libaom-av1', '-cpu-used', '8', '-usage', 'realtime'],
    ...['-b:v', '200k', '-pix_fmt', 'yuv420p', '-g', `${FPS}`, '-c:a', 'libopus', '-b:a', '64k'],
  ],
} satisfies Record<string, readonly string[]>;

export type ClipName = keyof typeof recipes;

/**
 * The path of a clip, which is made at its first use and kept in the build folder. Several test processes
 * may ask at once: each makes its own file, and the last one stays.
 */
export function clip(name: ClipName): string {
  const args: readonly string[] = recipes[name];
  const version = createHash('sha256').update(args.join(' ')).digest('hex').slice(0, 8);
  const path = join(folder, `${version}-${name}`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const unfinished = join(folder, `${version}-${process.pid}-${name}`);
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...args, '-y', unfinished], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 120_000,
    });
    renameSync(unfinished, path);
  }
  return path;
}
