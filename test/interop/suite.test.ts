import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipName, clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { Peers } from '../support/peers.ts';

// What the black box tests of SRS do with a server: start it with variables alone, publish with ffmpeg, record with
// ffmpeg, look at the file with ffprobe.

const HTTP = { SRS_HTTP_SERVER_ENABLED: 'on' };
const REMUX = { ...HTTP, SRS_VHOST_HTTP_REMUX_ENABLED: 'on' };
const HLS = { ...HTTP, SRS_VHOST_HLS_ENABLED: 'on' };

interface Row {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clip: ClipName;
  readonly play: (server: MediaServer) => string;
  /** Seconds to record, and that the file must have at least. */
  readonly record: number;
  readonly least: number;
  readonly audio: string;
}

const rtmp = (server: MediaServer) => server.rtmp('live/suite');
const flv = (server: MediaServer) => server.http('/live/suite.flv');
const m3u8 = (server: MediaServer) => server.http('/live/suite.m3u8');
const aac = { clip: 'h264-aac.flv', audio: 'aac' } as const;
const mp3 = { clip: 'h264-mp3.flv', audio: 'mp3' } as const;
const live = { record: 6, least: 6 };
// Segments of ten seconds, as the defaults say: the player stays until one of them is whole.
const segmented = { record: 16, least: 8 };
const guessOff = { SRS_VHOST_HTTP_REMUX_GUESS_HAS_AV: 'off' };

const rows: readonly Row[] = [
  { name: 'RTMP', env: {}, ...aac, play: rtmp, ...live },
  { name: 'RTMP, chunks of 128', env: { SRS_CHUNK_SIZE: '128' }, ...aac, play: rtmp, ...live },
  { name: 'RTMP, ATC', env: { SRS_VHOST_PLAY_ATC: 'on' }, ...aac, play: rtmp, ...live },
  { name: 'HTTP-FLV', env: REMUX, ...aac, play: flv, ...live },
  { name: 'HLS', env: HLS, ...aac, play: m3u8, ...segmented },
  { name: 'RTMP', env: {}, ...mp3, play: rtmp, ...live },
  { name: 'HTTP-FLV', env: { ...REMUX, ...guessOff }, ...mp3, play: flv, ...live },
  { name: 'HLS', env: HLS, ...mp3, play: m3u8, ...segmented },
];

const peers = new Peers();

beforeAll(() => {
  clip('h264-aac.flv');
  clip('h264-mp3.flv');
}, 60_000);
afterAll(() => peers.clear());

describe('configured by variables alone, a stream published by ffmpeg is recorded', () => {
  it.concurrent.each(rows)(
    'over $name with $audio',
    async (row) => {
      const server = await MediaServer.startWithEnvironment(row.env);
      const publisher = peers.publish(clip(row.clip), server.rtmp('live/suite'));
      const file = join(server.place.folder, 'recorded.flv');
      await record(row.play(server), row.record, file);
      await publisher.stop();
      const { format, streams } = probe(file);
      expect(format.probe_score).toBeGreaterThanOrEqual(90);
      expect(Number(format.duration)).toBeGreaterThanOrEqual(row.least);
      expect(streams.map(({ codec_name }) => codec_name).sort()).toEqual(
        [row.audio, 'h264'].sort(),
      );
      await server.stop();
    },
    60_000,
  );
});

/** Records until there is something: a stream or its playlist may not be there yet. */
async function record(url: string, seconds: number, file: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const args = ['-v', 'error', '-nostdin', '-t', String(seconds), '-i', url, '-c', 'copy'];
    await peers.run('ffmpeg', [...args, '-y', file]).done;
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 1024) {
      return;
    }
    await delay(500);
  }
  throw new Error(`nothing could be recorded from ${url}`);
}

interface Probe {
  readonly format: { readonly probe_score: number; readonly duration: string };
  readonly streams: readonly { readonly codec_name: string }[];
}

function probe(file: string): Probe {
  const args = ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', file];
  return JSON.parse(execFileSync('ffprobe', args, { timeout: 20_000 }).toString());
}
