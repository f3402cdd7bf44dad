import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { clip, FPS } from '../support/clips.ts';
import { playlist } from '../support/hls-viewer.ts';
import { MediaServer } from '../support/media-server.ts';
import { Peers } from '../support/peers.ts';

/** Seconds of video that each player is to show. */
const SECONDS = 3;

const { resolve } = createRequire(import.meta.url);
const peers = new Peers();
let server: MediaServer;
let browser: Browser;

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  server = await MediaServer.start({
    tls: true,
    root: `vhost ts { http_remux { enabled on; mount [vhost]/[app]/[stream].ts; } }`,
    vhost: 'hls { enabled on; hls_fragment 1; hls_window 20; hls_path ./html; }',
  });
  server.place.write('html/mpegts.js', readFileSync(resolve('mpegts.js/dist/mpegts.js')));
  server.place.write('html/hls.js', readFileSync(resolve('hls.js/dist/hls.js')));
  const page = new URL('./player.html', import.meta.url);
  server.place.write('html/player.html', readFileSync(page));
  browser = await Browser.launch();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await peers.clear();
  await server.stop();
});

/** What a video element tells about itself. */
interface Shown {
  readonly time: number;
  readonly decoded: number;
  readonly dropped: number;
  readonly width: number;
}

describe('in Chromium', () => {
  it.each([
    ['mpegts', 'HTTP-FLV', 'flv', () => server.http('/live/page.flv')],
    ['mpegts', 'WebSocket-FLV', 'flv', () => server.ws('/live/page.flv')],
    ['mpegts', 'HTTP-TS', 'mpegts', () => server.http('/live/page.ts?vhost=ts')],
    ['mpegts', 'WebSocket-TS', 'mpegts', () => server.ws('/live/page.ts?vhost=ts')],
    ['hls', 'HLS', 'm3u8', () => server.http('/live/page.m3u8')],
    ['mpegts', 'HTTP-FLV over HTTP/2', 'flv', () => server.https('/live/page.flv')],
    ['hls', 'HLS over HTTP/2', 'm3u8', () => server.https('/live/page.m3u8')],
  ])(
    '%s.js plays %s without a dropped frame',
    async (player, _, type, url) => {
      const from = server.log.length;
      // HLS and HTTP-TS do not go together in one vhost.
      const vhost = type === 'mpegts' ? 'ts' : '';
      const publisher = peers.publish(
        clip('h264-bframes-aac.flv'),
        server.rtmp(`live/page${vhost && `?vhost=${vhost}`}`),
      );
      await server.published(`${vhost}/live/page`, from);
      if (player === 'hls') {
        await playlist(server.http('/live/page.m3u8'));
      }
      const page = await browser.open();
      const query = new URLSearchParams({ player, type, url: url() });
      const secure = url().startsWith('https');
      await page.goto(
        `${secure ? server.https('/player.html') : server.http('/player.html')}?${query}`,
      );
      const [{ nextHopProtocol }] = await page.evaluate<[{ nextHopProtocol: string }]>(
        `performance.getEntriesByType('navigation').map((entry) => entry.toJSON())`,
      );
      expect(nextHopProtocol).toBe(secure ? 'h2' : 'http/1.1');
      // The first pictures come while everything starts; what counts is what follows.
      await page.waitForFunction('shown().time > 0');
      const before = await page.evaluate<Shown>('shown()');
      const enough = `shown().time >= ${before.time + SECONDS}`;
      await page.waitForFunction(enough, undefined, { timeout: 20_000 });
      const after = await page.evaluate<Shown>('shown()');
      expect(await page.evaluate('faults')).toEqual([]);
      expect(after.width).toBe(160);
      expect(after.decoded - before.decoded).toBeGreaterThan(SECONDS * FPS * 0.9);
      // A busy machine may show a picture late; lost data would drop whole groups.
      expect(after.dropped - before.dropped).toBeLessThan(FPS / 2);
      await page.close();
      await publisher.stop();
    },
    60_000,
  );
});
