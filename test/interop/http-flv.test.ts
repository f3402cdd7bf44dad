import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { clip } from '../support/clips.ts';
import { FlvReader, isAudio, isVideo } from '../support/flv.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { expectUntouched, packetsOf } from '../support/packets.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  const unguessed = 'enabled on; guess_has_av off;';
  server = await MediaServer.start({
    root: `
      millrace { publisher_grace_ms 1500; }
      vhost noaudio { http_remux { ${unguessed} has_audio off; } }
      vhost novideo { http_remux { ${unguessed} has_video off; } }
      vhost keepall { http_remux { ${unguessed} has_audio off; drop_if_not_match off; } }
      vhost both { http_remux { ${unguessed} } }
      vhost mounted { http_remux { enabled on; mount /tv/[app]/hd-[stream].flv; } }
      vhost unmounted { }
    `,
  });
});
afterEach(() => scene.clear());
afterAll(() => server.stop());

const twenty = {
  enough: (tags: readonly { type: number }[]) =>
    tags.filter((tag) => isVideo(tag) || isAudio(tag)).length >= 20,
};

describe('the FLV header announces', () => {
  it.each([
    ['what there is, when it is guessed', 'h264-aac.flv', '__defaultVhost__', 5],
    ['video alone', 'h264.flv', '__defaultVhost__', 1],
    ['audio alone', 'aac.flv', '__defaultVhost__', 4],
    ['MP3 alone', 'mp3.flv', '__defaultVhost__', 4],
    ['both, as configured', 'h264.flv', 'both', 5],
    ['no audio, as configured', 'h264-aac.flv', 'noaudio', 1],
    ['no video, as configured', 'h264-aac.flv', 'novideo', 4],
  ] as const)('%s: %s in vhost %s', async (_, file, vhost, flags) => {
    await scene.publishing(`flags?vhost=${vhost}`, { clip: file, burstMs: 1500 });
    await server.tracks();
    const view = await viewFlv(server.http(`/live/flags.flv?vhost=${vhost}`), twenty);
    expect(view.flags).toBe(flags);
    expect(view.tags.some(isVideo)).toBe((flags & 1) !== 0 && file !== 'aac.flv');
    expect(view.tags.some(isAudio)).toBe((flags & 4) !== 0 && file !== 'h264.flv');
  });

  it('one kind, and sends the other all the same where drop_if_not_match is off', async () => {
    await scene.publishing('keep?vhost=keepall', { clip: 'h264-aac.flv', burstMs: 1500 });
    await server.tracks();
    const view = await viewFlv(server.http('/live/keep.flv?vhost=keepall'), twenty);
    expect(view.flags).toBe(1);
    expect(view.tags.some(isAudio)).toBe(true);
  });
});

describe('a request for FLV', () => {
  it('is answered with type and CORS headers', async () => {
    await scene.publishing('headers', { burstMs: 1500 });
    const headers = { Origin: 'http://page.example' };
    const view = await viewFlv(server.http('/live/headers.flv'), { ...twenty, headers });
    expect(view.status).toBe(200);
    expect(view.headers).toMatchObject({
      'content-type': 'video/x-flv',
      'access-control-allow-origin': '*',
      'transfer-encoding': 'chunked',
    });
    expect(view.headers.server).toMatch(/^SRS\//);
  });

  it('gets the same path with a query, and with keys that nobody knows', async () => {
    await scene.publishing('query', { burstMs: 1500 });
    const view = await viewFlv(server.http('/live/query.flv?title=a%20b&x'), twenty);
    expect(view.status).toBe(200);
    await server.line(/client identified, type=http-flv-play, .*param=\?title=a%20b&x,/);
  });

  it('with HEAD gets headers alone', async () => {
    await scene.publishing('head', { burstMs: 1500 });
    const answer = await fetch(server.http('/live/head.flv'), { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('video/x-flv');
    expect(await answer.text()).toBe('');
  });

  it('with OPTIONS gets what CORS asks for', async () => {
    const answer = await fetch(server.http('/live/options.flv'), {
      method: 'OPTIONS',
      headers: { Origin: 'http://page.example', 'Access-Control-Request-Method': 'GET' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toBeTruthy();
  });

  it('over HTTP/1.0 gets plain bytes until the end', async () => {
    const publisher = await scene.publishing('old', { burstMs: 1500 });
    await server.tracks();
    const socket = connect(server.port('http'), '127.0.0.1');
    socket.write('GET /live/old.flv HTTP/1.0\r\n\r\n');
    const parts: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => parts.push(bytes));
    const closed = once(socket, 'close');
    await once(socket, 'data');
    await publisher.close();
    await closed;
    const bytes = Buffer.concat(parts);
    const bodyAt = bytes.indexOf('\r\n\r\n') + 4;
    const head = bytes.toString('latin1', 0, bodyAt);
    expect(head).toMatch(/^HTTP\/1\.[01] 200 /);
    expect(head).not.toMatch(/transfer-encoding/i);
    const tags = new FlvReader().feed(bytes.subarray(bodyAt));
    expect(tags.filter(isVideo).length).toBeGreaterThan(10);
  });

  it('below another mount is found there and nowhere else', async () => {
    await scene.publishing('channel?vhost=mounted', { burstMs: 1500 });
    const view = await viewFlv(server.http('/tv/live/hd-channel.flv?vhost=mounted'), twenty);
    expect(view.tags.filter(isVideo).length).toBeGreaterThan(0);
    expect((await fetch(server.http('/live/channel.flv?vhost=unmounted'))).status).toBe(404);
  });

  it('goes on when the publisher comes back', async () => {
    const first = await scene.publishing('returns', { burstMs: 1500 });
    const view = viewFlv(server.http('/live/returns.flv'));
    await server.played('/live/returns');
    await first.close();
    const second = await scene.publishing('returns', { burstMs: 1500 });
    await server.tracks();
    await second.close();
    const videos = (await view).tags.filter(isVideo);
    // Both publishers' sequence headers on one connection, and a clock that goes on.
    expect(videos.filter((tag) => tag.body[1] === 0).length).toBe(2);
    const times = videos.map((tag) => tag.timestamp);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('ends when the publisher leaves', async () => {
    const publisher = await scene.publishing('ends', { burstMs: 1500 });
    const view = viewFlv(server.http('/live/ends.flv'));
    await server.played('/live/ends');
    await publisher.close();
    expect((await view).tags.filter(isVideo).length).toBeGreaterThan(0);
  });
});

describe('FLV over WebSocket', () => {
  it('carries the same bytes as FFmpeg reads from a file', async () => {
    await scene.publishing('socket', { burstMs: 3000 });
    await server.tracks();
    const path = join(server.place.folder, 'socket.flv');
    const file = createWriteStream(path);
    const socket = new WebSocket(server.ws('/live/socket.flv'));
    const reader = new FlvReader();
    let videos = 0;
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        expect(isBinary).toBe(true);
        file.write(data);
        videos += reader.feed(data).filter(isVideo).length;
        if (videos >= 50) {
          resolve();
        }
      });
    });
    socket.terminate();
    file.end();
    await once(file, 'close');
    expectUntouched(packetsOf(path), packetsOf(clip('h264-bframes-aac.flv')), {
      video: 45,
      audio: 60,
    });
  });

  it('ends with a close frame when the publisher leaves', async () => {
    const publisher = await scene.publishing('closes', { burstMs: 1500 });
    const socket = new WebSocket(server.ws('/live/closes.flv'));
    await once(socket, 'message');
    const closed = once(socket, 'close');
    await publisher.close();
    const [code] = await closed;
    expect([1000, 1001]).toContain(code);
  });
});
