import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { isVideo, readFlv } from '../support/flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { usageOf } from '../support/process-usage.ts';
import type { RtmpPeer } from '../support/rtmp/rtmp-peer.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

/** Bytes of each frame: with a hundred a second, much more than the buffers of a socket hold. */
const FRAME_BYTES = 60_000;
const FRAME_MS = 10;
const FRAMES = 500;
/** Every so many frames comes an IDR picture. */
const GOP = 25;

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start({
    root: `
      millrace { slow_reader_timeout_ms 4500; }
      vhost short { play { queue_length 1; } }
    `,
  });
}, 60_000);
afterEach(() => scene.clear());
afterAll(() => server.stop());

/** One coded picture that says its number: a slice with or without IDR, H.264 §7.4.1. */
function frame(number: number): Buffer {
  const isKey = number % GOP === 0;
  const body = Buffer.alloc(FRAME_BYTES, 0x55);
  body.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
  body.writeUInt32BE(FRAME_BYTES - 9, 5);
  body.writeUInt8(isKey ? 0x65 : 0x41, 9);
  body.writeUInt32BE(number, 16);
  return body;
}

/** A publisher that has sent its first picture. */
async function heavyPublisher(name: string): Promise<RtmpPeer> {
  const sequenceHeader = readFlv(clip('h264-aac.flv')).find(isVideo);
  const publisher = await scene.connected();
  await publisher.publish(name);
  publisher.sendVideo(0, sequenceHeader?.body ?? Buffer.alloc(0));
  publisher.sendVideo(0, frame(0));
  return publisher;
}

async function sendAll(publisher: RtmpPeer): Promise<void> {
  const began = performance.now();
  for (let number = 1; number <= FRAMES; number += 1) {
    publisher.sendVideo(number * FRAME_MS, frame(number));
    await delay(Math.max(0, number * FRAME_MS - (performance.now() - began)));
  }
}

/** The numbers of the pictures that a player gets, up to the last one. */
async function readAll(player: RtmpPeer): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.at(-1) !== FRAMES) {
    const { payload } = await player.takeMedia('video');
    if (payload.length === FRAME_BYTES) {
      numbers.push(payload.readUInt32BE(16));
    }
  }
  return numbers;
}

const every = Array.from({ length: FRAMES + 1 }, (_, at) => at);

describe('a viewer that stops reading', () => {
  it('is closed in the end, and costs nobody else a frame', async () => {
    const publisher = await heavyPublisher('heavy');
    const [reader, sleeper] = await Promise.all([scene.playing('heavy'), scene.playing('heavy')]);
    await sleeper.takeMedia('video');
    sleeper.pauseReading();
    const before = usageOf(server.pid);
    const read = readAll(reader);
    await sendAll(publisher);
    expect(await read).toEqual(every);
    await server.line(/client disconnect peer\. ret=1108/);
    // The stream's ring is the only thing that may grow, for all viewers together.
    expect(usageOf(server.pid).residentMiB - before.residentMiB).toBeLessThan(64);
    expect([publisher.ended, reader.ended]).toEqual([false, false]);
  }, 60_000);

  it('goes on at a key frame when it reads again, and its skips are counted', async () => {
    const from = server.log.length;
    const publisher = await heavyPublisher('catches?vhost=short');
    const [reader, napper] = await Promise.all([
      scene.playing('catches?vhost=short'),
      scene.playing('catches?vhost=short'),
    ]);
    const read = readAll(reader);
    const caught = readAll(napper);
    napper.pauseReading();
    // The nap ends before the time limit of a slow reader, with most of the pictures sent.
    const nap = delay(4000).then(() => napper.resumeReading());
    await Promise.all([sendAll(publisher), nap]);
    expect(await read).toEqual(every);
    const numbers = await caught;
    const jumps = numbers.filter((number, at) => at > 0 && number !== (numbers[at - 1] ?? 0) + 1);
    expect(jumps.length).toBeGreaterThanOrEqual(1);
    expect(jumps.filter((number) => number % GOP !== 0)).toEqual([]);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers);
    await napper.close();
    const [, skips] = await server.line(/client disconnect peer.* skips=([1-9]\d*)/, from);
    // While the socket takes nothing it may be overtaken more than once; it sees one jump then.
    expect(Number(skips)).toBeGreaterThanOrEqual(jumps.length);
  }, 60_000);
});
