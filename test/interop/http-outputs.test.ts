import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ClipName, clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { aacHashes, nalHashes } from '../support/nal-hashes.ts';
import { expectEvenTimes, expectRun, ofKind, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

const SECONDS = 3;
const peers = new Peers();
let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  const mounts = 'mount [vhost]/[app]/[stream].flv [vhost]/[app]/[stream].ts';
  const audio = 'mount [vhost]/[app]/[stream].aac [vhost]/[app]/[stream].mp3;';
  server = await MediaServer.start({
    tls: true,
    remux: `${mounts} [vhost]/[app]/[stream].aac [vhost]/[app]/[stream].mp3;`,
    root: `
      vhost cached { http_remux { enabled on; ${audio} fast_cache 2; } }
      vhost video { http_remux { enabled on; mount /[app]/[stream].ts; guess_has_av off; has_audio off; } }
      vhost turned { http_remux { enabled on; mount /by-name/[stream]/[app].ts; } }
    `,
  });
}, 60_000);
afterEach(async () => {
  await Promise.all([peers.clear(), scene.clear()]);
});
afterAll(() => server.stop());

/** Records some seconds as they are. @returns the file. */
async function record(url: string, name: string, format: string): Promise<string> {
  const file = join(server.place.folder, name);
  const tls = url.startsWith('https') ? ['-tls_verify', '0'] : [];
  const look = ['-analyzeduration', '1000000'];
  const limit = ['-t', `${SECONDS}`];
  const args = ['-v', 'error', '-nostdin', ...tls, ...look, ...limit, '-i', url, '-map', '0'];
  await peers.run('ffmpeg', [...args, '-c', 'copy', '-f', format, '-y', file]).output();
  return file;
}

/** What comes over a WebSocket until there are so many bytes. @returns the file. */
async function receive(url: string, name: string, bytes: number): Promise<string> {
  const path = join(server.place.folder, name);
  const file = createWriteStream(path);
  const socket = new WebSocket(url, { rejectUnauthorized: false });
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      file.write(data);
      size += data.length;
      if (size >= bytes) {
        resolve();
      }
    });
  });
  socket.terminate();
  file.end();
  await once(file, 'close');
  return path;
}

function expectPictures(received: string, sent: string, codec: 'h264' | 'hevc' = 'h264'): void {
  const pictures = nalHashes(received, codec);
  expect(pictures.length).toBeGreaterThan(SECONDS * 20);
  expectRun(pictures, nalHashes(sent, codec));
}

// FFmpeg looks at MPEG-TS for seconds before it begins.
describe('MPEG-TS over HTTP', { timeout: 60_000 }, () => {
  it.each<ClipName>(['h264-bframes-aac.flv', 'h264.flv', 'aac.flv', 'h264-mp3.flv'])(
    'holds every frame of %s',
    async (file) => {
      const name = `ts-${file.replace('.flv', '')}`;
      await scene.publishing(name, { clip: file, burstMs: 1500 });
      await server.tracks();
      const got = await record(server.http(`/live/${name}.ts`), `${name}.ts`, 'mpegts');
      if (file !== 'aac.flv') {
        expectPictures(got, clip(file));
      }
      if (file.endsWith('aac.flv')) {
        const frames = aacHashes(got);
        expect(frames.length).toBeGreaterThan(SECONDS * 40);
        expectRun(frames, aacHashes(clip(file)));
      }
      expectEvenTimes(packetsOf(got));
    },
  );

  it('holds every picture of HEVC', async () => {
    const file = clip('hevc-aac.mp4');
    const from = server.log.length;
    peers.enhanced('publish', file, server.rtmp('live/ts-hevc'));
    await server.tracks(from);
    const got = await record(server.http('/live/ts-hevc.ts'), 'ts-hevc.ts', 'mpegts');
    expectPictures(got, file, 'hevc');
  });

  it('is the same over HTTPS, WebSocket and secure WebSocket', async () => {
    const file = 'h264-bframes-aac.flv';
    await scene.publishing('ts-ways', { clip: file, burstMs: 1500 });
    await server.tracks();
    const path = '/live/ts-ways.ts';
    const [https, ws, wss] = await Promise.all([
      record(server.https(path), 'https.ts', 'mpegts'),
      receive(server.ws(path), 'ws.ts', 150_000),
      receive(`wss://127.0.0.1:${server.port('https')}${path}`, 'wss.ts', 150_000),
    ]);
    for (const got of [https, ws, wss]) {
      expectPictures(got, clip(file));
    }
  });

  it('is of its own type, in chunks, with CORS headers', async () => {
    await scene.publishing('ts-head', { burstMs: 1500 });
    const answer = await fetch(server.http('/live/ts-head.ts'), {
      method: 'HEAD',
      headers: { Origin: 'http://page.example' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('video/MP2T');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('begins when the publisher comes after the player', async () => {
    const from = server.log.length;
    const player = peers.watch(server.http('/live/ts-early.ts'), SECONDS);
    await server.line(/type=http-ts-play, .*stream=ts-early,/, from);
    await scene.publishing('ts-early', { burstMs: 1500 });
    const received = watched(await player.output());
    expect(received.tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264']);
    expect(ofKind(received, 'video')[0]?.key).toBe(true);
  });

  it('goes on when the publisher comes back with other tracks', async () => {
    const first = await scene.publishing('ts-returns', { clip: 'h264-aac.flv', burstMs: 1500 });
    await server.tracks();
    const from = server.log.length;
    const got = receive(server.ws('/live/ts-returns.ts'), 'returns.ts', 200_000);
    await server.line(/start play .*url=\/live\/ts-returns,/, from);
    await first.close();
    await scene.publishing('ts-returns', { clip: 'h264-mp3.flv', burstMs: 5000 });
    const codecs = watchedCodecs(await got);
    expect(codecs).toContain('mp3');
  });

  it('leaves out what the vhost says there is not', async () => {
    await scene.publishing('ts-mute?vhost=video', { burstMs: 1500 });
    await server.tracks();
    const url = server.http('/live/ts-mute.ts?vhost=video');
    const { tracks } = watched(await peers.watch(url, 1).output());
    expect(tracks.map(({ codec }) => codec)).toEqual(['h264']);
  });

  it('is found below a mount that names the stream before the app', async () => {
    await scene.publishing('ts-turned?vhost=turned', { burstMs: 1500 });
    await server.tracks();
    const url = server.http('/by-name/ts-turned/live.ts?vhost=turned');
    const received = watched(await peers.watch(url, 1).output());
    expect(ofKind(received, 'video').length).toBeGreaterThan(10);
  });
});

function watchedCodecs(file: string): string[] {
  return packetsOf(file).tracks.map(({ codec }) => codec);
}

describe('audio over HTTP', { timeout: 60_000 }, () => {
  it('is AAC in ADTS, of a stream with video too', async () => {
    await scene.publishing('adts', { clip: 'h264-aac.flv', burstMs: 1500 });
    await server.tracks();
    const url = server.http('/live/adts.aac');
    const got = await record(url, 'got.aac', 'adts');
    const frames = aacHashes(got);
    expect(frames.length).toBeGreaterThan(SECONDS * 40);
    expectRun(frames, aacHashes(clip('h264-aac.flv')));
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-type')).toBe('audio/x-aac');
  });

  it.each<ClipName>(['mp3.flv', 'h264-mp3.flv'])('is MP3 of %s', async (file) => {
    const name = `mp3-${file.replace('.flv', '')}`;
    await scene.publishing(name, { clip: file, burstMs: 1500 });
    await server.tracks();
    const url = server.http(`/live/${name}.mp3`);
    const received = watched(await peers.watch(url, SECONDS).output());
    expect(received.tracks).toEqual([{ kind: 'audio', codec: 'mp3' }]);
    const hashes = ofKind(received, 'audio').map(({ hash }) => hash);
    expect(hashes.length).toBeGreaterThan(SECONDS * 30);
    expectRun(
      hashes,
      ofKind(packetsOf(clip(file)), 'audio').map(({ hash }) => hash),
    );
    const answer = await fetch(url);
    const { value } = (await answer.body?.getReader().read()) ?? {};
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(Buffer.from(value ?? []).toString('latin1', 0, 3)).toBe('ID3');
  });

  it('begins with what fast_cache keeps', async () => {
    await scene.publishing('cached?vhost=cached', { clip: 'aac.flv', burstMs: 4000 });
    await server.tracks();
    const answer = await fetch(server.http('/live/cached.aac?vhost=cached'));
    const reader = answer.body?.getReader();
    // 64 kb/s: two seconds are 16 KB, which live audio would need two seconds for.
    const began = performance.now();
    let size = 0;
    while (size < 12_000) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      expect(done).toBe(false);
      size += value?.length ?? 0;
    }
    expect(size).toBeLessThan(40_000);
    expect(performance.now() - began).toBeLessThan(20_000);
    await reader?.cancel();
  });

  it('of another codec gives nothing, and says why', async () => {
    await scene.publishing('other', { clip: 'h264-mp3.flv', burstMs: 1500 });
    await server.tracks();
    const from = server.log.length;
    const answer = await fetch(server.http('/live/other.aac'));
    await server.line(/http_aac: code=3049\(codec is not supported here\)/, from);
    await answer.body?.cancel();
  });
});
