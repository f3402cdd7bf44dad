import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipName, clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import {
  expectEvenTimes,
  expectSameOffset,
  expectUntouched,
  ofKind,
  packetsOf,
  watched,
} from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

/** Seconds that each player plays. */
const SECONDS = 4;

const clips: readonly { clip: ClipName; video?: string; audio?: string }[] = [
  { clip: 'h264-bframes-aac.flv', video: 'h264', audio: 'aac' },
  { clip: 'h264-aac.flv', video: 'h264', audio: 'aac' },
  { clip: 'h264-mp3.flv', video: 'h264', audio: 'mp3' },
  { clip: 'h264.flv', video: 'h264' },
  { clip: 'aac.flv', audio: 'aac' },
  { clip: 'mp3.flv', audio: 'mp3' },
];

const players = {
  RTMP: (server: MediaServer, name: string) => server.rtmp(`live/${name}`),
  'HTTP-FLV': (server: MediaServer, name: string) => server.http(`/live/${name}.flv`),
};

const peers = new Peers();
let server: MediaServer;

beforeAll(async () => {
  for (const { clip: name } of clips) {
    clip(name);
  }
  server = await MediaServer.start();
}, 120_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

describe('published by ffmpeg over RTMP and played with ffmpeg', () => {
  for (const row of clips) {
    for (const [player, urlOf] of Object.entries(players)) {
      it.concurrent(`${row.clip} over ${player} is untouched`, async () => {
        const name = `${row.clip}-${player}`.replaceAll('.', '-');
        const publisher = peers.publish(clip(row.clip), server.rtmp(`live/${name}`));
        await server.published(`/live/${name}`);
        const received = watched(await peers.watch(urlOf(server, name), SECONDS).output());
        await publisher.stop();

        const sent = packetsOf(clip(row.clip));
        const codecs = received.tracks.map(({ codec }) => codec).sort();
        expect(codecs).toEqual([row.video, row.audio].filter(Boolean).sort());
        expectUntouched(received, sent, {
          ...(row.video && { video: SECONDS * 25 - 5 }),
          ...(row.audio && { audio: SECONDS * 36 }),
        });
        expectEvenTimes(received);
        if (row.video) {
          expect(ofKind(received, 'video')[0]?.key).toBe(true);
        }
        if (row.video && row.audio) {
          expectSameOffset(received, sent);
        }
      });
    }
  }
});
