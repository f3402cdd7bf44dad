import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipName, clip } from '../support/clips.ts';
import { isKeyFrame, isSequenceHeader, readFlv, TagType } from '../support/flv.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import {
  expectEvenTimes,
  expectSameOffset,
  expectUntouched,
  ofKind,
  type Watched,
} from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

/** Seconds that each player plays. */
const SECONDS = 3;
const peers = new Peers();
let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  clip('hevc-aac.mp4');
  clip('av1-opus.mkv');
  server = await MediaServer.start();
}, 180_000);
afterAll(async () => {
  await Promise.all([peers.clear(), scene.clear()]);
  await server.stop();
});

const rows: readonly { clip: ClipName; codecs: string[]; audioPerSecond: number }[] = [
  { clip: 'hevc-aac.mp4', codecs: ['aac', 'hevc'], audioPerSecond: 46 },
  { clip: 'av1-opus.mkv', codecs: ['av1', 'opus'], audioPerSecond: 50 },
];
/** What the publisher sends, as the same FFmpeg reads it from an FLV file. */
async function sentPackets(name: ClipName): Promise<Watched> {
  const report = await peers.enhanced('watch', await enhancedFlv(name), '60').output();
  return JSON.parse(report) as Watched;
}

async function enhancedFlv(name: ClipName): Promise<string> {
  const file = `${server.place.folder}/${randomUUID()}-${name}.flv`;
  await peers.enhanced('remux', clip(name), file).output();
  return file;
}

const players = {
  RTMP: (name: string) => server.rtmp(`live/${name}`),
  'HTTP-FLV': (name: string) => server.http(`/live/${name}.flv`),
};

describe('Enhanced RTMP published by FFmpeg 8', () => {
  for (const row of rows) {
    for (const [player, urlOf] of Object.entries(players)) {
      it.concurrent(`${row.clip} is played over ${player}, untouched`, async () => {
        const name = `${row.clip}-${player}`.replaceAll('.', '-');
        const publisher = peers.enhanced('publish', clip(row.clip), server.rtmp(`live/${name}`));
        await Promise.race([server.published(`/live/${name}`), publisher.output()]);
        const report = await peers.enhanced('watch', urlOf(name), `${SECONDS}`).output();
        await publisher.stop('SIGKILL');

        const received = JSON.parse(report) as Watched;
        const sent = await sentPackets(row.clip);
        expect(received.tracks.map(({ codec }) => codec).sort()).toEqual(row.codecs);
        expectUntouched(received, sent, {
          video: SECONDS * 25 - 5,
          audio: SECONDS * row.audioPerSecond - 10,
        });
        expectEvenTimes(received);
        expectSameOffset(received, sent);
        expect(ofKind(received, 'video')[0]?.key).toBe(true);
      });
    }
  }
});

describe('HEVC with codec id 12, which Chinese encoders write', () => {
  it('is played as it came', async () => {
    // The distribution's FFmpeg writes H.264 alone: the same tags under the other id are what such encoders send,
    // with the configuration and the frames of HEVC, cut from an MP4.
    const tags = await legacyHevc();
    const publisher = await scene.publishing('legacy', { tags, burstMs: 1500 });
    await server.tracks();
    const view = await viewFlv(server.http('/live/legacy.flv'), {
      enough: (got) => got.filter(({ type }) => type === TagType.video).length >= 30,
    });
    const videos = view.tags.filter(({ type }) => type === TagType.video);
    expect(videos[0] && isSequenceHeader(videos[0])).toBe(true);
    expect(videos[0]?.body[0]).toBe(0x1c);
    expect(videos[1] && isKeyFrame(videos[1])).toBe(true);
    const sent = publisher.tags.map(({ body }) => body.toString('hex'));
    expect(videos.every(({ body }) => sent.includes(body.toString('hex')))).toBe(true);
  });
});

/** An FLV with HEVC as FFmpeg 8 writes it, with its video tags rewritten to the legacy form. */
async function legacyHevc() {
  return readFlv(await enhancedFlv('hevc-aac.mp4')).map((tag) => {
    const { type, body } = tag;
    const first = body[0] ?? 0;
    if (type !== TagType.video || !(first & 0x80)) {
      return tag;
    }
    // Enhanced RTMP: packet type 0 sequence start, 1 with composition time, 3 with none (E-RTMP v2, video).
    const packetType = first & 0x0f;
    const frame = Buffer.from([(first & 0x70) | 12, packetType === 0 ? 0 : 1]);
    const time = packetType === 1 ? body.subarray(5, 8) : Buffer.alloc(3);
    return { ...tag, body: Buffer.concat([frame, time, body.subarray(packetType === 1 ? 8 : 5)]) };
  });
}
