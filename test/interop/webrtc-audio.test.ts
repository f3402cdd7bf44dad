import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { isAudio, readFlv, type Tag } from '../support/flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';
import { WeriftPlayer } from '../support/webrtc/werift-player.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);
const OFFER = readFileSync(new URL('../vectors/sdp/chromium-play.sdp', import.meta.url), 'utf8');

beforeAll(async () => {
  server = await MediaServer.start({
    root: 'rtc_server { enabled on; listen 127.0.0.1:0; candidate 127.0.0.1; }',
    vhost: 'rtc { enabled on; rtmp_to_rtc on; }',
  });
}, 30_000);
afterEach(() => scene.clear());
afterAll(() => server.stop());

const whep = (stream: string) => server.api(`/rtc/v1/whep/?stream=${stream}`);

/** Whether a player who comes now is offered sound. */
async function isHeard(stream: string): Promise<boolean> {
  const signal = AbortSignal.timeout(15_000);
  const response = await fetch(whep(stream), { method: 'POST', body: OFFER, signal });
  const sdp = await response.text();
  expect(response.status, sdp).toBe(201);
  const { status } = await fetch(server.api(response.headers.get('location') ?? ''), {
    method: 'DELETE',
    signal,
  });
  expect(status).toBe(200);
  return /^m=audio 9 /m.test(sdp);
}

describe('the sound of an RTMP encoder that is broken', () => {
  it('is not offered while it is, and is again when it is well', async () => {
    let isBroken = true;
    const tags = readFlv(clip('h264-aac.flv')).map((tag): Tag => {
      const { type, timestamp, body } = tag;
      // The second byte of 1: a frame, not the configuration (Adobe FLV 10.1, E.4.2.2).
      const isFrame = isAudio(tag) && body[1] === 1;
      const broken = isFrame
        ? Buffer.concat([body.subarray(0, 2), Buffer.alloc(body.length - 2, 0x55)])
        : body;
      return {
        type,
        timestamp,
        get body() {
          return isBroken ? broken : body;
        },
      };
    });
    await scene.publishing('broken', { tags });
    await server.tracks();
    // Only while somebody needs it is anything decoded.
    const player = await WeriftPlayer.play(whep('broken'));
    await player.received({ video: 10 });
    const offered = { timeout: 10_000, interval: 200 };
    await expect.poll(() => isHeard('broken'), offered).toBe(false);
    expect(player.audio).toEqual([]);
    isBroken = false;
    await player.received({ audio: 10 });
    await expect.poll(() => isHeard('broken'), offered).toBe(true);
    await player.close();
  }, 60_000);
});
