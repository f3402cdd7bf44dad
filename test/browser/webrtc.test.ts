import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { decoded, heard, KEEP_CONNECTIONS, received } from '../support/rtc-page.ts';
import { loudestTone } from '../support/tone.ts';

/** What the page's test pattern sounds like, and what the clips do. */
const PATTERN_HZ = 440;
const CLIP_HZ = 1000;

const peers = new Peers();
let server: MediaServer;
let browser: Browser;

beforeAll(async () => {
  clip('baseline-tone-aac.flv');
  clip('baseline-tone-mp3.flv');
  server = await MediaServer.start({
    root: `rtc_server { enabled on; listen 127.0.0.1:0; candidate 127.0.0.1; }
      srt_server { enabled on; listen 127.0.0.1:0; }`,
    vhost: `rtc { enabled on; rtmp_to_rtc on; rtc_to_rtmp on; } srt { enabled on; }
      hls { enabled on; hls_fragment 1; hls_window 20; hls_path ./html; }`,
  });
  browser = await Browser.launch();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await peers.clear();
  await server.stop();
});

/** Opens one of the server's own pages, which begins by itself. */
async function open(name: 'whip' | 'whep', query: string) {
  const page = await browser.open();
  await page.addInitScript(KEEP_CONNECTIONS);
  await page.goto(server.http(`/players/${name}.html?autostart=true&${query}`));
  return page;
}

/** Plays sound with FFmpeg and looks for its tone. */
async function toneOf(url: string): Promise<number> {
  const player = peers.run('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-i', url, '-vn', '-t', '3', '-ac', '1', '-ar', '48000'],
    ...['-f', 'wav', '-y', `${server.place.folder}/tone.wav`],
  ]);
  await player.output();
  const { readFileSync } = await import('node:fs');
  const bytes = readFileSync(`${server.place.folder}/tone.wav`);
  const words = new Int16Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) >> 1);
  const samples = Float32Array.from(words, (word) => word / 32_768);
  // The last second: what comes first may still be fading in.
  return loudestTone(samples.subarray(Math.max(0, samples.length - 48_000)), 48_000);
}

/** Statistics name the codec a little after the first picture. */
async function codecIs(player: Page, kind: 'video' | 'audio', codec: string): Promise<void> {
  await expect
    .poll(async () => (await received(player, kind))?.codec?.toLowerCase(), { timeout: 20_000 })
    .toBe(codec);
}

describe('Chromium', () => {
  it('publishes by WHIP and plays by WHEP, picture and sound', async () => {
    const publisher = await open('whip', 'source=pattern&width=640&stream=pair');
    await server.published('/live/pair');
    const player = await open('whep', 'stream=pair');
    await decoded(player, 60);
    await heard(player, PATTERN_HZ);
    // The width is the browser's choice: it sends smaller pictures while it learns the bandwidth.
    await codecIs(player, 'video', 'video/h264');
    await codecIs(player, 'audio', 'audio/opus');
    expect(await player.textContent('#status')).toBe('Playing.');
    expect(await publisher.textContent('#status')).toBe('Publishing.');
    await Promise.all([player.close(), publisher.close()]);
  }, 90_000);

  it('publishes and plays audio with redundancy where a page asks for it', async () => {
    const publisher = await open('whip', 'source=pattern&width=640&stream=red&red=true');
    await server.published('/live/red');
    const player = await open('whep', 'stream=red&red=true');
    await heard(player, PATTERN_HZ);
    for (const page of [publisher, player]) {
      const answer = 'window.connections.at(-1).remoteDescription.sdp';
      expect(await page.evaluate(answer)).toMatch(/^m=audio \S+ \S+ 63 111\r$/m);
    }
    await Promise.all([player.close(), publisher.close()]);
  }, 90_000);

  it.each(['vp8', 'vp9', 'av1'])(
    'plays %s as it was published',
    async (codec) => {
      const publisher = await open(
        'whip',
        `source=pattern&width=640&codec=${codec}&stream=${codec}`,
      );
      await server.published(`/live/${codec}`);
      const player = await open('whep', `stream=${codec}`);
      await decoded(player, 30);
      await codecIs(player, 'video', `video/${codec}`);
      await Promise.all([player.close(), publisher.close()]);
    },
    90_000,
  );

  it.each([
    ['AAC', 'baseline-tone-aac.flv'],
    ['MP3', 'baseline-tone-mp3.flv'],
  ] as const)(
    'plays H.264 and %s of an RTMP publisher',
    async (audio, file) => {
      const name = `rtmp-${audio}`;
      const publisher = peers.publish(clip(file), server.rtmp(`live/${name}`));
      await server.published(`/live/${name}`);
      const player = await open('whep', `stream=${name}`);
      await decoded(player, 60);
      await heard(player, CLIP_HZ);
      expect(await received(player, 'video')).toMatchObject({ frameWidth: 160 });
      await player.close();
      await publisher.stop();
    },
    90_000,
  );

  it('plays H.264 and AAC of an SRT publisher', async () => {
    const input = ['-v', 'error', '-nostdin', '-re', '-i', clip('baseline-tone-aac.flv')];
    const output = ['-c', 'copy', '-f', 'mpegts', server.srt('srt-in', 'publish')];
    const publisher = peers.run('ffmpeg', [...input, ...output]);
    await server.published('/live/srt-in');
    const player = await open('whep', 'stream=srt-in');
    await decoded(player, 60);
    await heard(player, CLIP_HZ);
    await player.close();
    await publisher.stop();
  }, 90_000);

  it('is played over RTMP, HTTP-FLV, HLS and SRT, picture and sound', async () => {
    const publisher = await open('whip', 'source=pattern&width=640&stream=out');
    await server.published('/live/out');
    const urls = {
      RTMP: server.rtmp('live/out'),
      FLV: server.http('/live/out.flv'),
      HLS: server.http('/live/out.m3u8'),
      SRT: server.srt('out', 'request'),
    };
    for (const [form, url] of Object.entries(urls)) {
      const { tracks, packets } = watched(await peers.watch(url, 3).output());
      expect(tracks.map(({ codec }) => codec).sort(), form).toEqual(['aac', 'h264']);
      expect(packets.filter(({ kind }) => kind === 'video').length, form).toBeGreaterThan(40);
      expect(await toneOf(url), form).toBe(PATTERN_HZ);
    }
    await publisher.close();
  }, 120_000);

  it('is told why it is refused', async () => {
    const publisher = peers.enhanced('publish', clip('hevc-aac.mp4'), server.rtmp('live/hevc'));
    await server.published('/live/hevc');
    await server.tracks();
    const player = await open('whep', 'stream=hevc');
    await player.waitForFunction("document.getElementById('status').dataset.state === 'bad'");
    expect(await player.textContent('#status')).toContain('the stream is H265');
    await player.close();
    await publisher.stop();
  }, 90_000);
});
