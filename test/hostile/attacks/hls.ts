import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import { aacConfig, aacFrame, avcConfig, avcFrame, keyFrame, nal } from '../support/media-bytes.ts';
import { Random, seed } from '../support/random.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { Site } from '../support/site.ts';
import { badNames } from './rtmp-commands.ts';

export function hls(site: Site): void {
  const random = new Random(seed);

  /** Many requests on one connection, each sent when the one before was answered. @return the statuses. */
  async function inTurn(targets: readonly string[]): Promise<number[]> {
    const peer = await RawPeer.dial(site.ports.http);
    const statuses = () =>
      [...peer.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    for (const [at, target] of targets.entries()) {
      peer.send(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      while (statuses().length <= at && !peer.isClosed) {
        await Promise.race([
          new Promise((resolve) => peer.socket.once('data', resolve)),
          peer.closed,
        ]);
      }
    }
    await peer.cut();
    return statuses();
  }

  describe('HLS', () => {
    site.attack(
      '3000 new sessions by made-up ids, and 300 by asking',
      async () => {
        await Promise.all(
          Array.from({ length: 30 }, async (_, lane) => {
            const ids = Array.from(
              { length: 100 },
              (_, at) => `/live/good.m3u8?hls_ctx=made${lane}x${at}`,
            );
            expect(new Set(await inTurn(ids)), 'statuses').toEqual(new Set([200]));
            await inTurn(Array.from({ length: 10 }, () => '/live/good.m3u8'));
          }),
        );
        // They end by themselves: twice the window without a request.
        const clients = async () => {
          const answer = await fetch(
            `http://127.0.0.1:${site.ports.api}/api/v1/clients?count=5000`,
          );
          return answer.ok ? (await answer.text()).split('"hls').length : 0;
        };
        await expect.poll(clients, { timeout: 25_000, interval: 500 }).toBeLessThan(20);
      },
      90_000,
    );

    site.attack('ids, queries and paths that lie', async () => {
      const queries = [
        ...[
          'hls_ctx=',
          'hls_ctx=../../x',
          `hls_ctx=${'a'.repeat(5000)}`,
          'hls_ctx=%0d%0aSet-Cookie:x',
          'hls_ctx=%00',
        ],
        ...[
          'hls_ctx=a&hls_ctx=b',
          '_HLS_msn=99999999999999999999',
          '_HLS_msn=-1&_HLS_part=x',
          '_HLS_skip=YES',
        ],
      ];
      const statuses = await inTurn([
        ...queries.map((query) => `/live/good.m3u8?${query}`),
        ...[
          '/live/good-999999999999999999999.ts',
          '/live/good--1.ts',
          '/live/good-.ts',
          '/live/.m3u8',
          '/.m3u8',
        ],
        ...[
          '/live/nobody.m3u8',
          '/live/..%2fgood.m3u8',
          '/live/good.m3u8/x',
          '/live/good-1.ts.tmp',
        ],
      ]);
      expect(statuses.filter((status) => status >= 500 && status !== 503)).toEqual([]);
    });

    site.attack('names that lead elsewhere make no files', async () => {
      for (const name of badNames.filter((bad) => bad.length < 300)) {
        const peer = await RtmpPeer.connect(site.ports.rtmp);
        await peer.call('createStream', null);
        peer.command('publish', 3, null, name, 'live');
        peer.sendVideo(0, avcConfig());
        peer.sendVideo(0, keyFrame);
        peer.sendVideo(2000, keyFrame);
        await Promise.race([peer.end(), delay(200)]);
        await peer.close();
      }
    });

    site.attack('media that makes no good segments', async () => {
      const peer = await RtmpPeer.connect(site.ports.rtmp);
      await peer.publish('segments');
      peer.sendVideo(0, avcConfig());
      peer.sendAudio(0, aacConfig);
      for (let at = 0; at < 2000; at += 1) {
        // A key frame each millisecond, jumps, nothing for an hour, units that are empty.
        const time = at % 50 === 0 ? random.below(2 ** 32) : at;
        peer.sendVideo(time, avcFrame(true, at % 7 ? nal(5, 20) : nal(5, 0)));
        peer.sendAudio(time, aacFrame);
        if (at % 100 === 0) {
          await delay(2);
          peer.sendVideo(
            time,
            avcConfig(random.mutate(Buffer.from('6742c01ed900a047fe88', 'hex'), 2)),
          );
        }
      }
      await peer.call('done', null).catch(() => {});
      await peer.close();
    });
  });
}
