import { describe, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { LossyLink } from '../support/lossy-link.ts';
import type { MediaServer } from '../support/media-server.ts';
import { withRtcBrowser } from '../support/rtc-browser.ts';
import { playPicture, publishPicture, statistics } from '../support/rtc-peer.ts';

let server: MediaServer;
let browser: Browser;

withRtcBrowser((made) => {
  ({ server, browser } = made);
});

/** One in ten packets is lost, in each direction, and they overtake each other. */
const BAD = { loss: 0.1, delayMs: 40, jitterMs: 30 };

describe('Chromium behind a network that loses one packet in ten', () => {
  it('publishes and plays: what is lost is sent again, both ways', async () => {
    const up = await LossyLink.open(server.port('rtc'), BAD);
    const down = await LossyLink.open(server.port('rtc'), BAD);
    const publisher = await publishPicture(browser, server, {
      query: 'stream=loss&codec=vp8',
      port: up.port,
    });
    await server.published('/live/loss');
    const player = await playPicture(browser, server, { query: 'stream=loss', port: down.port });
    await expect
      .poll(async () => (await statistics(player, 'inbound-rtp'))[0]?.framesDecoded ?? 0, {
        timeout: 60_000,
      })
      .toBeGreaterThan(300);
    const [got] = await statistics(player, 'inbound-rtp');
    const [sent] = await statistics(publisher, 'outbound-rtp');
    expect(got?.nackCount).toBeGreaterThan(10);
    expect(got?.retransmittedPacketsReceived).toBeGreaterThan(10);
    expect(sent?.nackCount).toBeGreaterThan(10);
    expect(sent?.retransmittedPacketsSent).toBeGreaterThan(10);
    // Few key frames: losses were mended, and not by beginning anew.
    expect(Number(got?.keyFramesDecoded)).toBeLessThan(30);
    expect(up.lost).toBeGreaterThan(50);
    expect(down.lost).toBeGreaterThan(50);
    await Promise.all([publisher.close(), player.close()]);
    up.close();
    down.close();
  }, 120_000);
});
