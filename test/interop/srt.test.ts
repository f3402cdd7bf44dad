import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipName, clip } from '../support/clips.ts';
import { isSequenceHeader, isVideo, type Tag } from '../support/flv.ts';
import { playlist } from '../support/hls-viewer.ts';
import { MediaServer } from '../support/media-server.ts';
import { aacHashes, nalHashes } from '../support/nal-hashes.ts';
import { expectEvenTimes, expectRun, ofKind, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { RtmpPeer } from '../support/rtmp/rtmp-peer.ts';

const SECONDS = 4;
const peers = new Peers();
let server: MediaServer;

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  clip('hevc-aac.mp4');
  server = await MediaServer.start({
    root: `srt_server { enabled on; listen 127.0.0.1:0; }`,
    vhost: `srt { enabled on; }
      hls { enabled on; hls_fragment 1; hls_window 60; hls_ctx off; hls_memory_only on; }`,
  });
}, 120_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

/** Publishes a file in real time over SRT, as the black box suite of SRS does. */
function publish(file: string, url: string, more: readonly string[] = []) {
  const args = ['-v', 'error', '-nostdin', '-re', '-i', file, '-c', 'copy', ...more];
  return peers.run('ffmpeg', [...args, '-pes_payload_size', '0', '-f', 'mpegts', url]);
}

/** Records what a player gets, without touching it. */
async function record(url: string, file: string, more: readonly string[] = []): Promise<string> {
  const path = join(server.place.folder, file);
  const format = file.endsWith('.flv') ? 'flv' : 'mpegts';
  const args = ['-v', 'error', '-nostdin', ...more, '-i', url, '-t', `${SECONDS}`, '-c', 'copy'];
  await peers.run('ffmpeg', [...args, '-f', format, '-y', path]).output();
  return path;
}

type Codec = 'h264' | 'hevc';
type Kind = 'video' | 'audio';

const hashesOf = (path: string, kind: Kind, codec: Codec) =>
  kind === 'video' ? nalHashes(path, codec) : aacHashes(path);

/** How much later each frame of a track is in `file` than in the clip, in seconds. */
function shifts(file: string, name: ClipName, kind: Kind, codec: Codec): readonly number[] {
  const sent = ofKind(packetsOf(clip(name)), kind);
  const from = hashesOf(clip(name), kind, codec).indexOf(hashesOf(file, kind, codec)[0] ?? '');
  return ofKind(packetsOf(file), kind).map(
    ({ pts }, at) => pts - (sent[from + at]?.pts ?? Number.NaN),
  );
}

const middle = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Checks that the frames are those of the clip, and that audio and video stand to each other in time as
 * there, to within a millisecond: every single frame where the output keeps times as exactly as MPEG-TS
 * does, else the tracks as a whole, because FLV rounds each time up or down.
 */
function expectTheClip(file: string, name: ClipName, codec: Codec) {
  for (const kind of ['video', 'audio'] as const) {
    const got = hashesOf(file, kind, codec);
    expect(got.length, kind).toBeGreaterThan(SECONDS * (kind === 'video' ? 25 : 46) - 12);
    expectRun(got, hashesOf(clip(name), kind, codec));
  }
  const video = shifts(file, name, 'video', codec);
  const audio = shifts(file, name, 'audio', codec);
  if (file.endsWith('.ts')) {
    const offsets = audio.map((shift) => Math.abs(shift - middle(video)));
    expect(Math.max(...offsets)).toBeLessThan(0.001);
  }
  expect(Math.abs(middle(audio) - middle(video))).toBeLessThan(0.001);
}

/** FLV with HEVC under codec id 12, which FFmpeg does not read, as an Annex B stream. */
function annexB(tags: readonly Tag[]): Buffer {
  const pieces = tags.flatMap((tag) => {
    expect(tag.body[0]).toBeOneOf([0x1c, 0x2c]);
    return isSequenceHeader(tag) ? [] : nalUnits(tag.body.subarray(5));
  });
  return Buffer.concat(pieces.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
}

function nalUnits(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    units.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return units;
}

/** Parameter sets out of an hvcC, ISO/IEC 14496-15 §8.3.3.1.2. */
function parameterSets(record: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let at = 23;
  for (let arrays = record.readUInt8(22); arrays > 0; arrays -= 1) {
    const count = record.readUInt16BE(at + 1);
    at += 3;
    for (let i = 0; i < count; i += 1) {
      const length = record.readUInt16BE(at);
      units.push(record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return units;
}

const clips = [
  { name: 'h264-bframes-aac.flv', codec: 'h264' },
  { name: 'hevc-aac.mp4', codec: 'hevc' },
] as const;

describe('published over SRT', () => {
  for (const { name, codec } of clips) {
    it.concurrent(`${codec} is played over SRT and HLS, frame by frame`, async () => {
      const stream = `srt-${codec}`;
      const publisher = publish(clip(name), server.srt(stream, 'publish'));
      await server.published(`/live/${stream}`);
      const [overSrt, overHls] = await Promise.all([
        record(server.srt(stream, 'request'), `${stream}.ts`),
        playlist(server.http(`/live/${stream}.m3u8`), ({ segments }) => segments.length > 1).then(
          ({ url }) => record(url, `${stream}-hls.ts`, ['-live_start_index', '0']),
        ),
      ]);
      await publisher.stop();
      for (const file of [overSrt, overHls]) {
        expectTheClip(file, name, codec);
      }
    });
  }

  it.concurrent('H.264 is played over RTMP and HTTP-FLV, frame by frame', async () => {
    const name = 'h264-bframes-aac.flv';
    const publisher = publish(clip(name), server.srt('to-flv', 'publish'));
    await server.published('/live/to-flv');
    const files = await Promise.all([
      record(server.rtmp('live/to-flv'), 'rtmp.flv'),
      record(server.http('/live/to-flv.flv'), 'http.flv'),
    ]);
    await publisher.stop();
    for (const file of files) {
      expectTheClip(file, name, 'h264');
    }
  });

  it.concurrent('goes on over the wrap of the clock after 26.5 hours', async () => {
    const name = 'h264-bframes-aac.flv';
    // 2^33 ticks of 90 kHz end at 95443.7 s: in the middle of what is played.
    const offset = ['-output_ts_offset', `${95_443.7 - 4}`];
    const publisher = publish(clip(name), server.srt('wrap', 'publish'), offset);
    await server.published('/live/wrap');
    const [received, hls] = await Promise.all([
      peers.watch(server.rtmp('live/wrap'), 2 * SECONDS).output(),
      playlist(server.http('/live/wrap.m3u8'), ({ segments }) => segments.length > 6),
    ]);
    await publisher.stop();
    const got = watched(received);
    expect(ofKind(got, 'video').length).toBeGreaterThan(2 * SECONDS * 25 - 10);
    expectEvenTimes(got);
    expectRun(
      ofKind(got, 'audio').map(({ hash }) => hash),
      ofKind(packetsOf(clip(name)), 'audio').map(({ hash }) => hash),
    );
    // The first one says that nothing was before it.
    const later = hls.segments.slice(1);
    expect(later.filter(({ isDiscontinuity }) => isDiscontinuity)).toEqual([]);
  });

  it.concurrent('HEVC is played over RTMP with codec id 12, frame by frame', async () => {
    const name = 'hevc-aac.mp4';
    const publisher = publish(clip(name), server.srt('hevc-rtmp', 'publish'));
    await server.published('/live/hevc-rtmp');
    const player = await RtmpPeer.connect(server.port('rtmp'));
    try {
      await player.play('hevc-rtmp');
      await player.received(
        (inbox) => inbox.filter(isVideo).length > SECONDS * 25,
        'seconds of video',
      );
      const tags = player.inbox
        .filter(isVideo)
        .map(({ type, timestamp, payload }) => ({ type, timestamp, body: payload }));
      const header = tags.find(isSequenceHeader);
      const sets = parameterSets(header?.body.subarray(5) ?? Buffer.alloc(23));
      const prefix = sets.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]);
      const file = join(server.place.folder, 'rtmp.hevc');
      writeFileSync(file, Buffer.concat([...prefix, annexB(tags)]));
      const got = nalHashes(file, 'hevc');
      expect(got.length).toBeGreaterThan(SECONDS * 25 - 5);
      expectRun(got, nalHashes(clip(name), 'hevc'));
    } finally {
      await player.close();
      await publisher.stop();
    }
  });
});

describe('published over RTMP', () => {
  it.concurrent('is played over SRT, frame by frame', async () => {
    const name = 'h264-bframes-aac.flv';
    const publisher = peers.publish(clip(name), server.rtmp('live/to-srt'));
    await server.published('/live/to-srt');
    const file = await record(server.srt('to-srt', 'request'), 'to-srt.ts');
    await publisher.stop();
    expectTheClip(file, name, 'h264');
  });
});
