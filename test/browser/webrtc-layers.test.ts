import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import type { MediaServer } from '../support/media-server.ts';
import { withRtcBrowser } from '../support/rtc-browser.ts';
import { decoded, KEEP_CONNECTIONS, received } from '../support/rtc-page.ts';
import { playPicture, publishPicture, resourceOf } from '../support/rtc-peer.ts';

let server: MediaServer;
let browser: Browser;

withRtcBrowser((made) => {
  ({ server, browser } = made);
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

/** What the API tells of a client. */
interface Client {
  readonly id: string;
  readonly name: string;
  readonly publish: boolean;
  readonly transport: { readonly rtt_ms: number | null };
  /** Missing until it is connected. */
  readonly webrtc?: {
    readonly layers?: readonly { readonly rid: string; readonly kbps: number }[];
    readonly sent?: object;
  };
}

async function client(stream: string, publishes: boolean): Promise<Client | undefined> {
  const answer = await fetch(server.api('/api/v1/clients/?count=100'));
  const { clients } = (await answer.json()) as { clients: readonly Client[] };
  return clients.find(({ name, publish }) => name === stream && publish === publishes);
}

function choose(url: string, layer: string): Promise<Response> {
  return fetch(url, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ layer }),
  });
}

describe('Chromium, with three layers', () => {
  it('sends all of them, of a picture that is large enough for so many', async () => {
    const layers = [
      { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 60_000 },
      { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 200_000 },
      { rid: 'h', maxBitrate: 600_000 },
    ];
    const picture = { width: 960, height: 540, fps: 10 };
    const way = { query: 'stream=three&codec=vp8' };
    const publisher = await publishPicture(browser, server, way, layers, picture);
    await server.published('/live/three');
    await expect
      .poll(
        async () => {
          const sent = (await client('three', true))?.webrtc?.layers ?? [];
          return sent.filter(({ kbps }) => kbps > 0).length;
        },
        { timeout: 30_000 },
      )
      .toBe(3);
    await publisher.close();
  }, 60_000);
});

describe('Chromium, while it plays', () => {
  it('gets another layer: by WHEP, by the API, and by the choice of the page', async () => {
    const publisher = await publishPicture(
      browser,
      server,
      { query: 'stream=choice&codec=vp8' },
      LAYERS,
    );
    await server.published('/live/choice');
    const player = await playPicture(browser, server, { query: 'stream=choice&layer=l' });
    await becomes(player, 160);
    expect((await choose(await resourceOf(player, server), 'h')).status).toBe(204);
    await becomes(player, 640);
    const { id } = (await client('choice', false)) ?? {};
    expect(id).toBeDefined();
    expect((await choose(server.api(`/api/v1/clients/${id}`), 'low')).status).toBe(200);
    await becomes(player, 160);
    await expect
      .poll(async () => (await client('choice', false))?.webrtc?.sent, { timeout: 10_000 })
      .toEqual({ layer: 'l', video: 'whole', wanted: 'low' });
    const published = await client('choice', true);
    expect(published?.webrtc?.layers?.map(({ rid }) => rid).sort()).toEqual(['h', 'l']);
    expect(published?.webrtc?.layers?.every(({ kbps }) => kbps > 0)).toBe(true);
    // Known with the answer to the first report that came after both had packets.
    await expect
      .poll(async () => (await client('choice', true))?.transport.rtt_ms ?? 0, { timeout: 20_000 })
      .toBeGreaterThan(0);
    await player.close();

    const page = await browser.open();
    await page.addInitScript(KEEP_CONNECTIONS);
    await page.goto(server.http('/players/whep.html?stream=choice&autostart=true'));
    await becomes(page, 640);
    await page.locator('#layer').selectOption('l');
    await becomes(page, 160);
    await Promise.all([publisher.close(), page.close()]);
  }, 120_000);
});
