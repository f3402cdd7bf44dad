import { once } from 'node:events';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { expectUntouched, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const SECONDS = 3;
const peers = new Peers();
let server: MediaServer;

beforeAll(async () => {
  clip('h264-aac.flv');
  server = await MediaServer.start({ tls: true });
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

const players = {
  RTMPS: (name: string) => server.rtmps(`live/${name}`),
  HTTPS: (name: string) => server.https(`/live/${name}.flv`),
  RTMP: (name: string) => server.rtmp(`live/${name}`),
};

describe('published by ffmpeg over RTMPS', () => {
  it.concurrent.each(Object.entries(players))('plays over %s', async (player, urlOf) => {
    const file = clip('h264-aac.flv');
    const name = `tls-${player}`;
    const publisher = peers.publish(file, server.rtmps(`live/${name}`));
    await server.published(`/live/${name}`);
    const received = watched(await peers.watch(urlOf(name), SECONDS).output());
    await publisher.stop();
    expectUntouched(received, packetsOf(file), { video: 60, audio: 100 });
  });

  it('plays over secure WebSocket', async () => {
    const publisher = peers.publish(clip('h264-aac.flv'), server.rtmps('live/wss'));
    await server.published('/live/wss');
    const socket = new WebSocket(`wss://127.0.0.1:${server.port('https')}/live/wss.flv`, {
      rejectUnauthorized: false,
    });
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString('latin1', 0, 3)).toBe('FLV');
    socket.terminate();
    await publisher.stop();
  });
});

describe('HTTPS', () => {
  it('serves files', async () => {
    server.place.write('html/hello.txt', 'hello');
    const url = server.https('/hello.txt');
    const ask = request(url, { rejectUnauthorized: false, agent: false }).end();
    const [answer] = (await once(ask, 'response')) as [import('node:http').IncomingMessage];
    expect(answer.statusCode).toBe(200);
    const parts: Buffer[] = [];
    for await (const bytes of answer) {
      parts.push(bytes as Buffer);
    }
    expect(Buffer.concat(parts).toString()).toBe('hello');
  });
});
