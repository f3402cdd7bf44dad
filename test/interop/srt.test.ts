import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipName, clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { aacHashes, nalHashes } from '../support/nal-hashes.ts';
import { expectRun, ofKind, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const SECONDS = 4;
const peers = new Peers();
let server: MediaServer;

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  clip('hevc-aac.mp4');
  server = await MediaServer.start({
    root: 'srt_server { enabled on; listen 127.0.0.1:0; }',
    vhost: 'srt { enabled on; }',
  });
}, 120_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

/** Publishes a file in real time over SRT, as the black box suite of SRS does. */
function publish(file: string, url: string) {
  const args = ['-v', 'error', '-nostdin', '-re', '-i', file, '-c', 'copy'];
  return peers.run('ffmpeg', [...args, '-pes_payload_size', '0', '-f', 'mpegts', url]);
}

/** Records what a player gets, without touching it. */
function record(url: string, file: string, format: string, seconds = SECONDS) {
  const args = ['-v', 'error', '-nostdin', '-i', url, '-t', `${seconds}`, '-c', 'copy'];
  return peers.run('ffmpeg', [...args, '-f', format, '-y', file]);
}

/** Checks that audio and video stand to each other in time as in the clip, to within a millisecond. */
function expectSameOffsetAsClip(file: string, name: ClipName, codec: 'h264' | 'hevc') {
  const [got, sent] = [packetsOf(file), packetsOf(clip(name))];
  const shift = (kind: 'video' | 'audio', hashes: (path: string) => readonly string[]) => {
    const at = hashes(clip(name)).indexOf(hashes(file)[0] ?? '');
    return (ofKind(got, kind)[0]?.pts ?? Number.NaN) - (ofKind(sent, kind)[at]?.pts ?? Number.NaN);
  };
  const video = shift('video', (path) => nalHashes(path, codec));
  expect(Math.abs(video - shift('audio', aacHashes))).toBeLessThan(0.0015);
}

const clips = [
  { name: 'h264-bframes-aac.flv', codec: 'h264' },
  { name: 'hevc-aac.mp4', codec: 'hevc' },
] as const;

describe('published over SRT', () => {
  for (const { name, codec } of clips) {
    it.concurrent(`${codec} is played over SRT, frame by frame`, async () => {
      const stream = `srt-${codec}`;
      const publisher = publish(clip(name), server.srt(stream, 'publish'));
      await server.published(`/live/${stream}`);
      const file = join(server.place.folder, `${stream}.ts`);
      await record(server.srt(stream, 'request'), file, 'mpegts').output();
      await publisher.stop();
      const got = nalHashes(file, codec);
      expect(got.length).toBeGreaterThan(SECONDS * 25 - 10);
      expectRun(got, nalHashes(clip(name), codec));
      expectSameOffsetAsClip(file, name, codec);
    });
  }

  it.concurrent('H.264 is played over RTMP and HTTP-FLV, with the same offset', async () => {
    const publisher = publish(clip('h264-bframes-aac.flv'), server.srt('to-flv', 'publish'));
    await server.published('/live/to-flv');
    const players = [server.rtmp('live/to-flv'), server.http('/live/to-flv.flv')];
    const all = await Promise.all(
      players.map(async (url) => watched(await peers.watch(url, SECONDS).output())),
    );
    await publisher.stop();
    for (const received of all) {
      expect(received.tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264']);
      expect(ofKind(received, 'video').length).toBeGreaterThan(SECONDS * 25 - 10);
      const sent = packetsOf(clip('h264-bframes-aac.flv'));
      expectRun(
        ofKind(received, 'audio').map(({ hash }) => hash),
        ofKind(sent, 'audio').map(({ hash }) => hash),
      );
    }
  });
});

describe('published over RTMP', () => {
  it.concurrent('is played over SRT, frame by frame', async () => {
    const name = 'h264-bframes-aac.flv';
    const publisher = peers.publish(clip(name), server.rtmp('live/to-srt'));
    await server.published('/live/to-srt');
    const file = join(server.place.folder, 'to-srt.ts');
    await record(server.srt('to-srt', 'request'), file, 'mpegts').output();
    await publisher.stop();
    const got = nalHashes(file, 'h264');
    expect(got.length).toBeGreaterThan(SECONDS * 25 - 10);
    expectRun(got, nalHashes(clip(name), 'h264'));
    expectSameOffsetAsClip(file, name, 'h264');
  });
});
