import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { readFlv, TagType } from '../support/flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { usageOf } from '../support/process-usage.ts';
import { MessageType } from '../support/rtmp/chunks.ts';
import { sendTag } from '../support/rtmp/clip-publisher.ts';
import { RtmpPeer } from '../support/rtmp/rtmp-peer.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

const STREAMS = 1000;
/** Publishers that connect at the same moment. */
const AT_ONCE = 50;
/** A longer run by hand: `MILLRACE_SOAK=1`. */
const CHURN_SECONDS = process.env.MILLRACE_SOAK ? 60 : 10;
const CHURN_PER_SECOND = 100;

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start({
    root: 'max_connections 4000;',
  });
}, 60_000);
afterAll(async () => {
  await scene.clear();
  await server.stop();
});

const configurationAndFrames = () =>
  readFlv(clip('h264-aac.flv'))
    .filter(({ type }) => type !== TagType.script)
    .slice(0, 12);

/** Resolves when the server holds no more descriptors than before. */
async function descriptorsBack(before: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (usageOf(server.pid).descriptors > before) {
    if (Date.now() > deadline) {
      throw new Error(`${usageOf(server.pid).descriptors} descriptors, ${before} before`);
    }
    await delay(50);
  }
}

async function publishAll(count: number): Promise<RtmpPeer[]> {
  const peers: RtmpPeer[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, async (_, at) => {
      const peer = await RtmpPeer.connect(server.port('rtmp'));
      await peer.publish(`many-${first + at}`);
      peer.sendMetadata({ title: `many-${first + at}` });
      return peer;
    });
    peers.push(...(await Promise.all(some)));
  }
  return peers;
}

describe(`${STREAMS} streams at once`, () => {
  it('are all played, and all their memory and descriptors come back', async () => {
    const tags = configurationAndFrames();
    const before = usageOf(server.pid);
    const after = [];
    let peak = before;
    for (let round = 0; round < 2; round += 1) {
      const publishers = await publishAll(STREAMS);
      for (const tag of tags) {
        for (const publisher of publishers) {
          sendTag(publisher, tag);
        }
        await delay(100);
      }
      for (let at = 0; at < STREAMS; at += 97) {
        const player = await scene.playing(`many-${at}`);
        const metadata = await player.take(({ type, payload }) => {
          return type === MessageType.data && payload.includes('onMetaData');
        }, 'onMetaData');
        expect(metadata.payload.includes(`many-${at}\0`)).toBe(true);
        await player.takeMedia('video');
      }
      peak = usageOf(server.pid);
      expect(publishers.filter(({ ended }) => ended)).toEqual([]);
      await Promise.all([...publishers.map((peer) => peer.close()), scene.clear()]);
      await descriptorsBack(before.descriptors);
      after.push(usageOf(server.pid));
    }
    // The target is 200 KB a stream beside its pictures.
    expect((peak.residentMiB - before.residentMiB) / STREAMS).toBeLessThan(0.2);
    // What an allocator keeps for the next time does not grow with the times.
    const [first, second] = after;
    expect((second?.residentMiB ?? 0) - (first?.residentMiB ?? 0)).toBeLessThan(24);
  }, 120_000);
});

describe(`${CHURN_PER_SECOND} publishers a second that come and go`, () => {
  it(
    'leave nothing behind',
    async () => {
      const tags = configurationAndFrames();
      const before = usageOf(server.pid);
      const samples: number[] = [];
      const running = new Set<Promise<void>>();
      const began = performance.now();
      const total = CHURN_SECONDS * CHURN_PER_SECOND;
      for (let count = 0; count < total; count += 1) {
        const visit = (async () => {
          const peer = await RtmpPeer.connect(server.port('rtmp'));
          await peer.publish(`churn-${count}`);
          for (const tag of tags) {
            sendTag(peer, tag);
          }
          await peer.close();
        })();
        running.add(visit);
        visit.finally(() => running.delete(visit)).catch(() => {});
        const waitMs = (count * 1000) / CHURN_PER_SECOND - (performance.now() - began);
        if (waitMs > 1) {
          await delay(waitMs);
        }
        if (count % CHURN_PER_SECOND === 0) {
          samples.push(usageOf(server.pid).residentMiB);
        }
        // A machine that cannot keep up makes the test slower, not larger.
        while (running.size > 200) {
          await Promise.race(running);
        }
      }
      await Promise.all(running);
      await descriptorsBack(before.descriptors);
      const middle = samples[Math.floor(samples.length / 2)] ?? 0;
      expect(usageOf(server.pid).residentMiB - middle).toBeLessThan(24);
    },
    CHURN_SECONDS * 1000 + 60_000,
  );
});
