import { createDecipheriv } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipName, clip } from '../support/clips.ts';
import { fetchBytes, type Playlist, playlist } from '../support/hls-viewer.ts';
import { MediaServer } from '../support/media-server.ts';
import { aacHashes, nalHashes } from '../support/nal-hashes.ts';
import { expectEvenTimes, expectRun, ofKind, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

/** Milliseconds of media that publishers send at once: three segments and the beginning of a fourth. */
const BURST_MS = 3600;

const peers = new Peers();
let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  const hls = 'hls { enabled on; hls_fragment 1; hls_window 60; hls_path ./html;';
  const keys = 'hls_keys on; hls_fragments_per_key 2; hls_key_url http://keys.example/;';
  server = await MediaServer.start({
    vhost: `${hls} }`,
    root: `
      vhost file { ${hls} hls_ctx off;
        hls_m3u8_file file/[app]/[stream].m3u8; hls_ts_file file/[app]/[stream]-[seq].ts; } }
      vhost keys { ${hls} hls_ctx off; ${keys}
        hls_m3u8_file keys/[app]/[stream].m3u8; hls_ts_file keys/[app]/[stream]-[seq].ts;
        hls_key_file_path ./html; hls_key_file keys/[app]/[stream]-[seq].key; } }
      vhost window { hls { enabled on; hls_fragment 1; hls_window 2; hls_path ./html;
        hls_m3u8_file window/[app]/[stream].m3u8; hls_ts_file window/[app]/[stream]-[seq].ts; } }
    `,
  });
}, 60_000);
afterAll(async () => {
  await Promise.all([peers.clear(), scene.clear()]);
  await server.stop();
});

const segments = (count: number) => (list: Playlist) => list.segments.length >= count;

/** Downloads what a playlist names, as one file. */
async function download(list: Playlist, name: string): Promise<string> {
  const parts = await Promise.all(list.segments.map(({ url }) => fetchBytes(url)));
  return server.place.write(name, Buffer.concat(parts));
}

describe('a stream over HLS', () => {
  it.each<ClipName>(['h264-bframes-aac.flv', 'h264.flv', 'aac.flv', 'h264-mp3.flv'])(
    'holds every frame of %s',
    async (file) => {
      const name = file.replace('.flv', '');
      const publisher = await scene.publishing(name, { clip: file, burstMs: BURST_MS });
      const list = await playlist(server.http(`/live/${name}.m3u8`), segments(3));
      expect(list.segments[0]?.sequence).toBe(0);
      for (const { duration } of list.segments) {
        expect(duration).toBeGreaterThan(0.5);
        expect(Math.round(duration)).toBeLessThanOrEqual(list.targetDuration);
      }
      const got = await download(list, `${name}.ts`);
      if (file !== 'aac.flv') {
        const pictures = nalHashes(got, 'h264');
        expect(pictures.length).toBe(list.segments.length * 25);
        expect(expectRun(pictures, nalHashes(clip(file), 'h264'))).toBe(0);
      }
      if (file.endsWith('aac.flv')) {
        const frames = aacHashes(got);
        expect(frames.length).toBeGreaterThan(100);
        expect(expectRun(frames, aacHashes(clip(file)))).toBe(0);
      }
      expectEvenTimes(packetsOf(got));
      await publisher.close();
    },
  );

  it('is played by FFmpeg', async () => {
    const publisher = peers.publish(clip('h264-bframes-aac.flv'), server.rtmp('live/ffmpeg'));
    await playlist(server.http('/live/ffmpeg.m3u8'), segments(2));
    const url = server.http('/live/ffmpeg.m3u8');
    const received = watched(await peers.watch(url, 4, ['-live_start_index', '0']).output());
    await publisher.stop();
    expect(received.tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264']);
    expect(ofKind(received, 'video').length).toBeGreaterThanOrEqual(95);
    expect(ofKind(received, 'video')[0]?.key).toBe(true);
    expectEvenTimes(received);
  });

  it('goes on with a discontinuity when the publisher comes back', async () => {
    const url = server.http('/live/returns.m3u8');
    await (await scene.publishing('returns', { burstMs: BURST_MS })).close();
    const before = await playlist(url, segments(3));
    await scene.publishing('returns', { burstMs: BURST_MS });
    const after = await playlist(before.url, segments(before.segments.length + 3));
    const begins = after.segments.filter(({ isDiscontinuity }) => isDiscontinuity);
    expect(begins).toHaveLength(2);
    expect(after.segments.map(({ sequence }) => sequence)).toEqual(
      after.segments.map((_, at) => at),
    );
    expect(begins[1]?.sequence).toBeGreaterThanOrEqual(3);
  });

  it('is there for a viewer who came before the publisher', async () => {
    const viewer = playlist(server.http('/live/early.m3u8'), segments(1));
    await scene.publishing('early', { burstMs: BURST_MS });
    expect((await viewer).segments.length).toBeGreaterThanOrEqual(1);
  });

  it('leaves old segments out, and deletes their files', async () => {
    await scene.publishing('moves?vhost=window', { burstMs: 8600 });
    const list = await playlist(
      server.http('/window/live/moves.m3u8'),
      ({ segments: [first] }) => (first?.sequence ?? 0) >= 4,
    );
    expect(list.segments.length).toBeLessThanOrEqual(4);
    const old = await fetch(server.http('/window/live/moves-0.ts'));
    expect(old.status).toBe(404);
  });
});

describe('playlists', () => {
  it('begin with a multivariant one whose url keeps the session and the query', async () => {
    await scene.publishing('context', { burstMs: BURST_MS });
    await playlist(server.http('/live/context.m3u8'), segments(1));
    const answer = await fetch(server.http('/live/context.m3u8?token=abc'));
    expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    const text = await answer.text();
    expect(text).toMatch(/#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1/);
    expect(text).toMatch(/\/live\/context\.m3u8\?hls_ctx=\w{8}&token=abc/);
    const list = await playlist(server.http('/live/context.m3u8'), segments(1));
    expect(list.segments[0]?.url).toMatch(/\.ts\?hls_ctx=\w{8}$/);
  });

  it('are plain files where hls_ctx is off', async () => {
    await scene.publishing('plain?vhost=file', { burstMs: BURST_MS });
    const list = await playlist(server.http('/file/live/plain.m3u8'), segments(3));
    expect(list.text).toMatch(/^#EXTM3U\n#EXT-X-VERSION:3\n/);
    expect(list.text).not.toContain('hls_ctx');
    const file = join(server.place.folder, 'html/file/live/plain-0.ts');
    expect(
      packetsOf(file)
        .tracks.map(({ codec }) => codec)
        .sort(),
    ).toEqual(['aac', 'h264']);
  });
});

describe('encrypted segments', () => {
  it('are opened with the key that the playlist names', async () => {
    await scene.publishing('secret?vhost=keys', { burstMs: BURST_MS });
    const list = await playlist(server.http('/keys/live/secret.m3u8'), segments(3));
    expect(list.segments.map(({ key }) => key !== undefined)).toEqual([true, false, true]);
    const attributes =
      /METHOD=AES-128,URI="http:\/\/keys\.example\/([^"]+)",IV=0x([0-9a-fA-F]{32})/;
    const [, file = '', iv = ''] = attributes.exec(list.segments[0]?.key ?? '') ?? [];
    const key = await fetchBytes(server.http(`/${file}`));
    expect(key).toHaveLength(16);
    const sealed = await fetchBytes(list.segments[0]?.url ?? '');
    const cipher = createDecipheriv('aes-128-cbc', key, Buffer.from(iv, 'hex'));
    const clear = Buffer.concat([cipher.update(sealed), cipher.final()]);
    expect(clear.length % 188).toBe(0);
    const opened = server.place.write('opened.ts', clear);
    expectRun(nalHashes(opened, 'h264'), nalHashes(clip('h264-bframes-aac.flv'), 'h264'));
  });
});
