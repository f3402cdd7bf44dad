import { copyFileSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { FlvReader, readFlv, TagType } from '../support/flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const peers = new Peers();
let server: MediaServer;
let mp4: Buffer;

beforeAll(async () => {
  server = await MediaServer.start({
    root: 'vhost files.example { http_static { enabled on; mount [vhost]/vod; dir ./other; } }',
  });
  mp4 = readFileSync(clip('hevc-aac.mp4'));
  server.place.write('html/index.html', '<p>index</p>');
  server.place.write('html/page/index.html', '<p>page</p>');
  server.place.write('html/list.m3u8', '#EXTM3U\n');
  server.place.write('other/there.txt', 'there');
  server.place.write('secret.txt', 'secret');
  copyFileSync(clip('h264-aac.flv'), `${server.place.folder}/html/clip.flv`);
  copyFileSync(clip('hevc-aac.mp4'), `${server.place.folder}/html/clip.mp4`);
}, 120_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(server.http(path), { headers });

describe('files', () => {
  it.each([
    ['/', '<p>index</p>', 'text/html'],
    ['/page/', '<p>page</p>', 'text/html'],
    ['/list.m3u8', '#EXTM3U\n', 'application/vnd.apple.mpegurl'],
  ])('%s is served', async (path, text, type) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain(type);
    expect(await answer.text()).toBe(text);
  });

  it.each(['/missing.html', '/../secret.txt', '/%2e%2e/secret.txt', '/page/..%2f../secret.txt'])(
    '%s is not there',
    async (path) => {
      expect((await get(path)).status).toBeGreaterThanOrEqual(400);
    },
  );

  it('of a vhost lie in its own folder', async () => {
    const answer = await get('/vod/there.txt?vhost=files.example');
    expect(await answer.text()).toBe('there');
  });

  it('are read by FFmpeg as they are', async () => {
    const sent = packetsOf(clip('hevc-aac.mp4'));
    const received = watched(await peers.watch(server.http('/clip.mp4'), 60).output());
    expect(received.packets.map(({ hash }) => hash)).toEqual(sent.packets.map(({ hash }) => hash));
  });
});

describe('a range', () => {
  it.each([
    ['of bytes', '/clip.mp4', { Range: 'bytes=100-299' }, 100, 299],
    ['without an end', '/clip.mp4', { Range: 'bytes=1000-' }, 1000, undefined],
    ['in the query as range', '/clip.mp4?range=100-299', {}, 100, 299],
    ['in the query as bytes', '/clip.mp4?bytes=100-299', {}, 100, 299],
  ])('%s is cut out of an MP4', async (_, path, headers, from, to) => {
    const answer = await get(path, headers as Record<string, string>);
    const last = to ?? mp4.length - 1;
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${last}/${mp4.length}`);
    const body = Buffer.from(await answer.arrayBuffer());
    expect(body.equals(mp4.subarray(from, last + 1))).toBe(true);
  });

  it('behind the end is refused', async () => {
    const answer = await get('/clip.mp4', { Range: `bytes=${mp4.length}-` });
    expect(answer.status).toBe(416);
  });
});

describe('an FLV file from start=', () => {
  it('begins with its configurations and goes on at the offset', async () => {
    const tags = readFlv(clip('h264-aac.flv'));
    let offset = 13;
    const at = 200;
    for (const { body } of tags.slice(0, at)) {
      offset += 11 + body.length + 4;
    }
    const answer = await get(`/clip.flv?start=${offset}`);
    expect(answer.status).toBe(200);
    const got = new FlvReader().feed(Buffer.from(await answer.arrayBuffer()));
    const bodies = (list: typeof tags) => list.map(({ body }) => body.toString('hex'));
    const headers = tags.filter(({ type, body }) => type !== TagType.script && body[1] === 0);
    expect(new Set(bodies(got.slice(0, 2)))).toEqual(new Set(bodies(headers.slice(0, 2))));
    expect(bodies(got.slice(2))).toEqual(bodies(tags.slice(at)));
  });
});
