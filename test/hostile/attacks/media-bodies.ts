import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { clip } from '../../support/clips.ts';
import { readFlv, TagType } from '../../support/flv.ts';
import { encodeAmf } from '../../support/rtmp/amf0.ts';
import { MessageType } from '../../support/rtmp/chunks.ts';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import { deafPlayer, flvRequest } from '../support/deaf-players.ts';
import {
  aacConfig,
  aacFrame,
  avcConfig,
  avcFrame,
  interFrame,
  keyFrame,
  nal,
  spsBytes,
} from '../support/media-bytes.ts';
import { Random, scale, seed } from '../support/random.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { Site } from '../support/site.ts';

type Feed = (peer: RtmpPeer) => Promise<void> | void;

export function mediaBodies(site: Site): void {
  const random = new Random(seed);
  let names = 0;

  /**
   * Publishes what `feed` sends, watched over RTMP and HTTP-FLV.
   * @return timestamps of the video that the player over RTMP saw.
   */
  async function published(feed: Feed): Promise<readonly number[]> {
    names += 1;
    const name = `bodies${names}`;
    const peer = await RtmpPeer.connect(site.ports.rtmp);
    await peer.publish(name);
    const player = await RtmpPeer.connect(site.ports.rtmp);
    await player.play(name);
    const viewer = await RawPeer.dial(site.ports.http);
    viewer.send(flvRequest(name));
    const later = await deafPlayer(site.ports.http, flvRequest(name));
    await feed(peer);
    await peer.call('done', null).catch(() => {});
    // Longer than a merged write waits: what is still to come, comes within it.
    for (let count = -1; count !== player.inbox.length; ) {
      count = player.inbox.length;
      await delay(500);
    }
    const seen = player.inbox.filter(({ type }) => type === MessageType.video);
    await Promise.all([player.close(), viewer.cut(), later.cut(), peer.close()]);
    return seen.map(({ timestamp }) => timestamp);
  }

  const start = (peer: RtmpPeer): void => {
    peer.sendVideo(0, avcConfig());
    peer.sendAudio(0, aacConfig);
    peer.sendVideo(0, keyFrame);
  };
  /** A good stream must still pass after what was bad. */
  const expectStillPassing = async (feed: Feed) => {
    const seen = await published(async (peer) => {
      start(peer);
      await feed(peer);
      for (let at = 0; at < 10; at += 1) {
        peer.sendVideo(
          100_000 + at * 40,
          at === 0 ? avcConfig() : at === 1 ? keyFrame : interFrame,
        );
      }
    });
    expect(seen.length).toBeGreaterThan(8);
  };

  describe('media bodies', () => {
    site.attack('tags cut at every byte', () =>
      expectStillPassing((peer) => {
        for (const body of [avcConfig(), keyFrame.subarray(0, 40)]) {
          for (let cut = 0; cut < body.length; cut += 1) {
            peer.sendVideo(40 + cut, body.subarray(0, cut));
          }
        }
        for (const body of [aacConfig, aacFrame.subarray(0, 8)]) {
          for (let cut = 0; cut < body.length; cut += 1) {
            peer.sendAudio(40 + cut, body.subarray(0, cut));
          }
        }
      }),
    );

    site.attack('every codec number there is', () =>
      expectStillPassing((peer) => {
        for (let first = 0; first < 256; first += 1) {
          for (const second of [0, 1, 2, 3, 255]) {
            const body = Buffer.concat([Buffer.from([first, second]), random.bytes(40)]);
            peer.sendVideo(40, body);
            peer.sendAudio(40, body);
          }
        }
        for (const fourCc of [
          'hvc1',
          'av01',
          'vp09',
          'vp08',
          'avc1',
          'Opus',
          'fLaC',
          'mp4a',
          'ac-3',
          '\0\0\0\0',
        ]) {
          for (let type = 0; type < 16; type += 1) {
            for (const size of [0, 1, 3, 60]) {
              const rest = Buffer.concat([Buffer.from(fourCc, 'latin1'), random.bytes(size)]);
              peer.sendVideo(40, Buffer.concat([Buffer.from([0x90 | type]), rest]));
              peer.sendAudio(40, Buffer.concat([Buffer.from([0x90 | type]), rest]));
            }
          }
        }
      }),
    );

    site.attack('NAL lengths of 0, beyond the end, and near 2^32', () =>
      expectStillPassing((peer) => {
        for (const declared of [
          0, 1, 99, 101, 65_535, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff,
        ]) {
          peer.sendVideo(40, avcFrame(true, nal(5, 100, declared)));
          peer.sendVideo(80, avcFrame(false, Buffer.concat([nal(1, 50), nal(1, 100, declared)])));
          peer.sendVideo(80, avcFrame(false, nal(1, 3, declared), -8_388_608));
        }
        peer.sendVideo(80, avcFrame(true, Buffer.alloc(4)));
        peer.sendVideo(80, avcFrame(true, Buffer.alloc(4000)));
        for (const lengthSize of [1, 2, 3]) {
          peer.sendVideo(80, avcConfig(spsBytes, lengthSize));
          peer.sendVideo(80, keyFrame);
        }
      }),
    );

    site.attack('sequence parameter sets that lie', () =>
      expectStillPassing((peer) => {
        const sets: Buffer[] = [
          Buffer.alloc(0),
          Buffer.from([0x67]),
          Buffer.alloc(2000),
          Buffer.alloc(2000, 0xff),
          Buffer.from('67640028ffffffffffffffffffffffffffffffff', 'hex'),
          Buffer.from('6764002800000000000000000000000000000000', 'hex'),
        ];
        for (let count = 0; count < 400 * scale; count += 1) {
          sets.push(random.mutate(spsBytes, 1 + random.below(5)));
        }
        for (const set of sets) {
          peer.sendVideo(40, avcConfig(set));
          peer.sendVideo(40, keyFrame);
        }
        for (let count = 0; count < 300 * scale; count += 1) {
          peer.sendVideo(40, random.mutate(avcConfig(), 1 + random.below(5)));
          const hevc = Buffer.concat([
            Buffer.from([0x1c, 0, 0, 0, 0, 1]),
            random.bytes(random.below(120)),
          ]);
          peer.sendVideo(40, hevc);
          peer.sendAudio(40, random.mutate(aacConfig, 2));
        }
      }),
    );

    site.attack('a clip with some bytes changed', () =>
      published(async (peer) => {
        for (const { type, timestamp, body } of readFlv(clip('h264-bframes-aac.flv'))) {
          const sent = random.below(5) === 0 ? random.mutate(body, 1 + random.below(4)) : body;
          if (type === TagType.video) {
            peer.sendVideo(timestamp, sent);
          } else if (type === TagType.audio) {
            peer.sendAudio(timestamp, sent);
          }
        }
      }),
    );

    site.attack('timestamps that go back, jump by days and wrap', async () => {
      const times = [
        ...[
          0, 40, 80, 20, 0, 5, 100, 86_400_000, 86_400_040, 60, 120, 0xffffff, 0x1000000, 0x1000040,
        ],
        ...[
          0x7fffffff, 0x80000000, 0xffffffd0, 0xfffffff8, 0x10, 0x38, 259_200_000, 259_200_040, 0,
          40,
        ],
      ];
      const seen = await published((peer) => {
        start(peer);
        for (const time of times) {
          peer.sendVideo(time, keyFrame);
          peer.sendAudio(time, aacFrame);
        }
        for (let count = 0; count < 2000; count += 1) {
          peer.sendVideo(random.below(2 ** 32), random.below(9) === 0 ? keyFrame : interFrame);
          peer.sendAudio(random.below(2 ** 32), aacFrame);
        }
      });
      // Jumps in time push old media out of the ring; who reads it then goes on at a key frame.
      expect(seen.length).toBeGreaterThan(200);
      const back = seen.filter((time, at) => at > 0 && time < (seen[at - 1] ?? 0));
      expect(back).toEqual([]);
    });

    site.attack('composition times at their extremes', () =>
      expectStillPassing((peer) => {
        for (const composition of [0x7fffff, -0x800000, -1, 1]) {
          for (let at = 0; at < 20; at += 1) {
            peer.sendVideo(40 + at * 40, avcFrame(at === 0, nal(1, 60), composition));
          }
        }
      }),
    );

    site.attack('never a key frame: 100 MB of others', () =>
      published(async (peer) => {
        start(peer);
        const frame = avcFrame(false, nal(1, 100_000));
        for (let count = 0; count < 1000; count += 1) {
          peer.sendVideo(40 * count, frame);
          if (count % 20 === 0) {
            await delay(10);
          }
        }
      }),
    );

    site.attack('audio alone, 50000 frames as fast as they go', () =>
      published(async (peer) => {
        peer.sendAudio(0, aacConfig);
        for (let count = 0; count < 50_000; count += 1) {
          peer.sendAudio(count * 23, aacFrame);
          if (count % 1000 === 0) {
            await delay(5);
          }
        }
      }),
    );

    site.attack('metadata of 8 MB, and of every other size', async () => {
      const peer = await RtmpPeer.connect(site.ports.rtmp);
      await peer.publish('metadata8');
      const text = encodeAmf('@setDataFrame', 'onMetaData', { a: 'x'.repeat(60_000) });
      const payload = Buffer.concat([text, Buffer.alloc(8 * 1024 * 1024)]);
      peer.send(5, { type: MessageType.data, timestamp: 0, streamId: 1, payload });
      await peer.end();
      await expectStillPassing((other) => {
        const values = Object.fromEntries(
          Array.from({ length: 250 }, (_, at) => [`k${at}`, 'v'.repeat(200)]),
        );
        other.sendMetadata(values);
        other.sendMetadata({
          width: Number.NaN,
          height: -1,
          framerate: 1e308,
          videocodecid: FORGED,
        });
        for (let count = 0; count < 200; count += 1) {
          other.send(5, {
            type: MessageType.data,
            timestamp: 0,
            streamId: 1,
            payload: random.bytes(random.below(300)),
          });
        }
      }).catch((error: Error) => {
        // Random bytes may be a reason to close this publisher; nothing else may have happened.
        if (!/ended|expected 0/.test(error.message)) {
          throw error;
        }
      });
    });
  });
}

const FORGED = 'x\r\n[2026-01-01 00:00:00.000][INFO][1][FORGED] y';
