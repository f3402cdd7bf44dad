import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { MediaServer } from '../support/media-server.ts';
import { decoded, received } from '../support/rtc-page.ts';
import { playPicture, publishPicture } from '../support/rtc-peer.ts';

let server: MediaServer;
let browser: Browser;

beforeAll(async () => {
  server = await MediaServer.start({
    root: 'rtc_server { enabled on; listen 127.0.0.1:0; candidate 127.0.0.1; }',
    vhost: 'rtc { enabled on; rtmp_to_rtc on; rtc_to_rtmp on; }',
  });
  browser = await Browser.launch();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** Low rates: a browser sends an upper layer only when it has found that there is room for it. */
const LAYERS = [
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 60_000 },
  { rid: 'h', maxBitrate: 500_000 },
];

/** The picture gets this wide; it may begin with another layer. */
async function becomes(page: Page, width: number): Promise<void> {
  await expect
    .poll(async () => (await received(page, 'video'))?.frameWidth, { timeout: 40_000 })
    .toBe(width);
}

describe('Chromium, with layers of simulcast', () => {
  it.each(['vp8', 'h264'])(
    'of %s: players get the layer that they ask for, or the best',
    async (codec) => {
      const stream = `stream=layers-${codec}`;
      const publisher = await publishPicture(
        browser,
        server,
        { query: `${stream}&codec=${codec}` },
        LAYERS,
      );
      await server.published(`/live/layers-${codec}`);
      const players = await Promise.all(
        ['&layer=low', '&layer=h', ''].map((query) =>
          playPicture(browser, server, { query: stream + query }),
        ),
      );
      const [low, high, free] = players as [Page, Page, Page];
      await becomes(low, 160);
      await becomes(high, 640);
      await becomes(free, 640);
      await Promise.all(players.map((player) => decoded(player, 100)));
      expect((await received(low, 'video'))?.frameWidth).toBe(160);
      await Promise.all([publisher, ...players].map((page) => page.close()));
    },
    120_000,
  );
});
