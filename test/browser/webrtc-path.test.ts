import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { type LinkQuality, LossyLink } from '../support/lossy-link.ts';
import type { MediaServer } from '../support/media-server.ts';
import { withRtcBrowser } from '../support/rtc-browser.ts';
import { received } from '../support/rtc-page.ts';
import { playPicture, publishPicture } from '../support/rtc-peer.ts';

let server: MediaServer;
let browser: Browser;

withRtcBrowser((made) => {
  ({ server, browser } = made);
});

const LAYERS = [
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 100_000 },
  { rid: 'h', maxBitrate: 1_200_000 },
];
/** Small, as what is measured are paths and not processors; busy, so that it takes the bits that it may. */
const PICTURE = { width: 480, height: 360, fps: 15, boxes: 15, sound: true };
const HEIGHT = { low: 90, high: 360 };

/** A path of this rate, with the queue of a home router. */
function path(rateBps: number): LinkQuality {
  return { loss: 0, delayMs: 20, jitterMs: 0, rateBps, queueBytes: 64_000 };
}

async function becomes(player: Page, height: number, timeout: number): Promise<void> {
  await expect
    .poll(async () => (await received(player, 'video'))?.frameHeight, { timeout })
    .toBe(height);
}

/** The heights that are seen until so many pictures more are decoded. */
async function heights(player: Page, frames: number): Promise<ReadonlySet<number>> {
  const seen = new Set<number>();
  const before = (await received(player, 'video'))?.framesDecoded ?? 0;
  const more = async () => {
    const { framesDecoded = 0, frameHeight = 0 } = (await received(player, 'video')) ?? {};
    seen.add(frameHeight);
    return framesDecoded - before;
  };
  await expect.poll(more, { timeout: 60_000 }).toBeGreaterThanOrEqual(frames);
  return seen;
}

describe('Chromium behind a path that becomes narrow', () => {
  it('gets the lower layer while it is, and the upper one afterwards', async () => {
    const publisher = await publishPicture(
      browser,
      server,
      { query: 'stream=narrow&codec=vp8' },
      LAYERS,
      PICTURE,
    );
    await server.published('/live/narrow');
    const link = await LossyLink.open(server.port('rtc'), path(4_000_000));
    const player = await playPicture(
      browser,
      server,
      { query: 'stream=narrow', port: link.port },
      PICTURE,
    );
    await becomes(player, HEIGHT.high, 30_000);
    expect(await heights(player, 60)).toEqual(new Set([HEIGHT.high]));
    link.become(path(500_000));
    await becomes(player, HEIGHT.low, 10_000);
    expect(await heights(player, 100)).toEqual(new Set([HEIGHT.low]));
    link.become(path(4_000_000));
    // By 8 % a second, without probes, it would take half a minute.
    await becomes(player, HEIGHT.high, 24_000);
    expect(await heights(player, 100)).toEqual(new Set([HEIGHT.high]));
    await Promise.all([publisher.close(), player.close()]);
    link.close();
  }, 150_000);
});

/** What the API tells of a client. */
interface Client {
  readonly name: string;
  readonly publish: boolean;
  readonly webrtc?: { readonly sent?: { readonly video: string } };
}

/** What came while `seconds` of sound did: sound is the clock. */
async function during(player: Page, seconds: number) {
  const both = async () => ({
    video: await received(player, 'video'),
    audio: await received(player, 'audio'),
  });
  const since = (after: number | undefined, before: number | undefined) =>
    (after ?? 0) - (before ?? 0);
  const before = await both();
  let after = before;
  await expect
    .poll(
      async () => {
        after = await both();
        return since(after.audio?.packetsReceived, before.audio?.packetsReceived);
      },
      { timeout: 30_000 },
    )
    .toBeGreaterThanOrEqual(seconds * 50);
  return {
    picturesPerSecond:
      since(after.video?.framesDecoded, before.video?.framesDecoded) /
      (since(after.audio?.packetsReceived, before.audio?.packetsReceived) / 50),
    concealed:
      since(after.audio?.concealedSamples, before.audio?.concealedSamples) /
      since(after.audio?.totalSamplesReceived, before.audio?.totalSamplesReceived),
  };
}

/** Waits until so many pictures come for each second of sound. */
async function picturesPerSecond(player: Page, least: number, most: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const { picturesPerSecond: count } = await during(player, 1);
        return count >= least && count <= most;
      },
      { timeout: 40_000 },
    )
    .toBe(true);
}

describe('Chromium behind a path that takes less than the only layer', () => {
  it('gets some of the pictures, or sound alone, and all of them again when it takes more', async () => {
    const publisher = await publishPicture(
      browser,
      server,
      { query: 'stream=single&codec=vp8' },
      [{ maxBitrate: 700_000, scalabilityMode: 'L1T3' }],
      PICTURE,
    );
    await server.published('/live/single');
    const link = await LossyLink.open(server.port('rtc'), path(4_000_000));
    const player = await playPicture(
      browser,
      server,
      { query: 'stream=single', port: link.port },
      PICTURE,
    );
    const sent = async () => {
      const answer = await fetch(server.api('/api/v1/clients/'));
      const { clients } = (await answer.json()) as { clients: readonly Client[] };
      return clients.find(({ name, publish }) => name === 'single' && !publish)?.webrtc?.sent
        ?.video;
    };
    await picturesPerSecond(player, PICTURE.fps * 0.8, PICTURE.fps * 2);
    link.become(path(550_000));
    await expect.poll(sent, { timeout: 20_000 }).toBe('thin');
    await picturesPerSecond(player, 1, PICTURE.fps * 0.7);

    link.become(path(150_000));
    await expect.poll(sent, { timeout: 20_000 }).toBe('paused');
    await picturesPerSecond(player, 0, 0);
    // What stood before the bottleneck has passed: sound alone has room.
    expect((await during(player, 3)).concealed).toBeLessThan(0.02);

    link.become(path(4_000_000));
    await expect.poll(sent, { timeout: 40_000 }).toBe('whole');
    await picturesPerSecond(player, PICTURE.fps * 0.8, PICTURE.fps * 2);
    expect((await during(player, 3)).concealed).toBeLessThan(0.02);
    await Promise.all([publisher.close(), player.close()]);
    link.close();
  }, 200_000);
});
