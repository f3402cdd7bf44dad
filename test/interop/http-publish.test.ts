import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { expectUntouched, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

const FILE = 'h264-bframes-aac.flv';
const peers = new Peers();
let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  const output = 'output rtmp://127.0.0.1/[app]/[stream];';
  server = await MediaServer.start({
    root: `
      stream_caster { enabled on; caster flv; listen 127.0.0.1:0; ${output} }
      stream_caster b { enabled on; caster flv; listen 127.0.0.1:0;
        output rtmp://closed/[app]/[stream]; }
      vhost closed { security { enabled on; deny publish all; } }
    `,
    vhost: 'publish { firstpkt_timeout 1000; normal_timeout 1000; }',
  });
  clip(FILE);
}, 60_000);
afterEach(async () => {
  await Promise.all([peers.clear(), scene.clear()]);
});
afterAll(() => server.stop());

const url = (path: string) => `http://127.0.0.1:${server.port('caster')}${path}`;

/** Sends what is given, and waits for the answer. */
async function send(
  path: string,
  body: Uint8Array | string,
  options: { readonly method?: string; readonly end?: boolean } = {},
) {
  const { method = 'POST', end = true } = options;
  const ask = request(url(path), { method, agent: false });
  ask.on('error', () => {});
  ask.write(body);
  if (end) {
    ask.end();
  }
  const [answer] = (await once(ask, 'response')) as [import('node:http').IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer) {
    parts.push(part as Buffer);
  }
  ask.destroy();
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: Buffer.concat(parts).toString(),
  };
}

describe('FLV by POST', { timeout: 60_000 }, () => {
  it.each(['POST', 'PUT'])('is published by ffmpeg with %s', async (method) => {
    const name = `by-${method.toLowerCase()}`;
    const from = server.log.length;
    const publisher = peers.publish(clip(FILE), url(`/live/${name}.flv`), ['-method', method]);
    await server.published(`/live/${name}`, from);
    await server.line(/client identified, type=flash-publish, .*stream=/, from);
    const received = watched(await peers.watch(server.rtmp(`live/${name}`), 3).output());
    expectUntouched(received, packetsOf(clip(FILE)), { video: 50, audio: 80 });
    await publisher.stop();
    await server.line(/client disconnect peer/, from);
  });

  it('with a length is published, and answered when it ends', async () => {
    const from = server.log.length;
    const answer = await send('/live/whole.flv?key=a', readFileSync(clip(FILE)));
    expect(answer).toMatchObject({ status: 200, text: '{"code":0}' });
    await server.published('/live/whole', from);
    await server.line(/type=flash-publish, .*stream=whole, param=\?key=a,/, from);
  });

  it('can follow on the same connection', async () => {
    const bytes = readFileSync(clip(FILE)).subarray(0, 200_000);
    // Cut within a tag: the end of a body ends the stream, whatever it is in the middle of.
    const socket = connect(server.port('caster'), '127.0.0.1');
    const head = (name: string) =>
      `POST /live/${name}.flv HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    socket.write(head('first'));
    socket.write(bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200/);
    const from = server.log.length;
    socket.write(head('second'));
    socket.write(bytes);
    await server.published('/live/second', from);
    socket.destroy();
  });

  it('of a name that is taken is answered 409, and the first publisher stays', async () => {
    const first = await scene.publishing('taken', { burstMs: 500 });
    const answer = await send('/live/taken.flv', readFileSync(clip(FILE)).subarray(0, 100_000));
    expect(answer.status).toBe(409);
    const received = watched(await peers.watch(server.rtmp('live/taken'), 1).output());
    expect(received.packets.length).toBeGreaterThan(10);
    await first.close();
  });

  it('into a vhost that lets nobody publish is answered 403', async () => {
    const path = `http://127.0.0.1:${server.port('caster', 1)}/live/denied.flv`;
    const answer = await fetch(path, { method: 'POST', body: 'FLV' });
    expect(answer.status).toBe(403);
  });

  it('that is no FLV is answered 400, and the stream ends', async () => {
    const from = server.log.length;
    const answer = await send('/live/garbage.flv', Buffer.alloc(64 * 1024, 'x'), { end: false });
    expect(answer.status).toBe(400);
    expect(answer.headers.connection).toBe('close');
    await server.line(/http_flv: code=2202/, from);
    await scene.publishing('garbage', { burstMs: 500 });
  });

  it('that falls silent is answered 408, and the name is free', async () => {
    const bytes = readFileSync(clip(FILE)).subarray(0, 100_000);
    const answer = await send('/live/silent.flv', bytes, { end: false });
    expect(answer.status).toBe(408);
    await scene.publishing('silent', { burstMs: 500 });
  });

  it.each([
    ['GET', '/live/a.flv', 405],
    ['DELETE', '/live/a.flv', 405],
    ['POST', '/a.flv', 400],
    ['POST', '/', 400],
    ['POST', '/live/short.flv', 400],
    ['POST', `/live/${'n'.repeat(300)}.flv`, 400],
  ])('asked for with %s %s is answered %i', async (method, path, status) => {
    const answer = await send(path, 'FLV', { method });
    expect(answer.status).toBe(status);
    if (status === 405) {
      expect(answer.headers.allow).toContain('POST');
    }
  });

  it('without a body is answered 400', async () => {
    const answer = await fetch(url('/live/nothing.flv'), { method: 'POST' });
    expect(answer.status).toBe(400);
  });
});
