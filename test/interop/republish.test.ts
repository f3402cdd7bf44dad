import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isKeyFrame, isSequenceHeader, isVideo, type Tag } from '../support/flv.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start();
});
afterEach(() => scene.clear());
afterAll(() => server.stop());

describe('a publisher that leaves and comes back', () => {
  it('goes on for RTMP players that stayed: configuration, key frame, time', async () => {
    const first = await scene.publishing('back', { burstMs: 2000 });
    const player = await scene.playing('back');
    await player.received((inbox) => inbox.filter(isVideo).length >= 20, '20 video messages');
    await first.close();
    await server.line(/client disconnect peer/);
    const before = player.inbox.filter(isVideo).length;
    const lastTime = player.inbox.filter(isVideo).at(-1)?.timestamp ?? 0;

    const second = await scene.publishing('back', { burstMs: 2000 });
    await player.received(
      (inbox) => inbox.filter(isVideo).length >= before + 20,
      '20 video messages of the second publisher',
    );
    const after: Tag[] = player.inbox
      .filter(isVideo)
      .slice(before)
      .map(({ type, timestamp, payload }) => ({ type, timestamp, body: payload }));
    // Those of the first that were still on their way come before its end.
    const begins = after.findIndex(isSequenceHeader);
    expect(begins).toBeGreaterThanOrEqual(0);
    const again = after.slice(begins);
    expect(isKeyFrame(again[1] ?? (again[0] as Tag))).toBe(true);
    expect(again[1]?.body).toEqual(second.tags.filter(isVideo)[1]?.body);
    const times = again.map(({ timestamp }) => timestamp);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(times[0]).toBeGreaterThanOrEqual(lastTime);
    expect(times[0]).toBeLessThan(lastTime + 2000);
    expect(player.ended).toBe(false);
  });

  it('is heard by RTMP and FLV players that wait for it', async () => {
    const rtmp = await scene.playing('wait');
    const flv = viewFlv(server.http('/live/wait.flv'), {
      enough: (tags) => tags.filter(isVideo).length >= 10,
    });
    await server.viewed('wait');
    await scene.publishing('wait');
    const { tags } = await flv;
    expect(isSequenceHeader(tags.filter(isVideo)[0] as Tag)).toBe(true);
    await rtmp.received((inbox) => inbox.filter(isVideo).length >= 10, '10 video messages');
  });

  it('may come while the end of its connection before is on its way', async () => {
    let before = await scene.publishing('race', { burstMs: 2000 });
    for (let time = 0; time < 40; time += 1) {
      const [next] = await Promise.all([
        scene.publishing('race', { burstMs: 2000 }),
        before.close(),
      ]);
      before = next;
    }
    await before.close();
  });

  it('may come at once, under the same name, as often as it wants', async () => {
    const player = await scene.playing('often');
    for (let time = 0; time < 10; time += 1) {
      const from = player.inbox.filter(isVideo).length;
      const publisher = await scene.publishing('often', { burstMs: 1000 });
      await player.received((inbox) => inbox.filter(isVideo).length > from + 5, 'its frames');
      await publisher.close();
    }
    expect(player.ended).toBe(false);
  });
});
