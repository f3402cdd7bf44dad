import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { behaviours, CallbackServer } from '../../test/support/callback-server.ts';
import { makeCertificate } from '../../test/support/certificate.ts';
import { Playground } from '../../test/support/launched-server.ts';
import { CallbackClient, type CallbackRequest } from './callback-client.ts';

let server: CallbackServer;
let client: CallbackClient;
const { signal } = new AbortController();
// The server has one for each peer.
setMaxListeners(0, signal);

beforeEach(async () => {
  server = await CallbackServer.start();
  client = new CallbackClient();
});
afterEach(async () => {
  client.close();
  await server.close();
});

function call(changes: Partial<CallbackRequest> = {}): CallbackRequest {
  return {
    method: 'POST',
    url: new URL(server.url()),
    headers: { 'Content-Type': 'application/json' },
    body: '{"action":"on_play"}',
    timeoutMs: 5000,
    verifyCertificate: true,
    maxAnswerBytes: 65_536,
    whenLonger: 'fail',
    ...changes,
  };
}

const send = (changes: Partial<CallbackRequest> = {}) =>
  client.send(call(changes), 'session', signal);

describe('an answer', () => {
  it('is told with its status', async () => {
    expect(await send()).toEqual({ status: 200, body: '0' });
    expect(server.calls[0]).toMatchObject({
      method: 'POST',
      url: '/hooks',
      text: '{"action":"on_play"}',
      headers: { connection: 'keep-alive', 'content-length': '20' },
    });
  });

  it('of another place is not followed', async () => {
    server.answer = behaviours.redirect;
    expect(await send()).toEqual({ status: 302, body: '0' });
    expect(server.calls).toHaveLength(1);
  });

  it('that is too long is an error, and the rest is not taken', async () => {
    server.answer = behaviours.endless;
    await expect(send()).rejects.toMatchObject({ code: 'CALLBACK_ANSWER_INVALID' });
    expect(await connectionsAre(0)).toBe(0);
  });

  it('that nobody reads is cut', async () => {
    server.answer = behaviours.endless;
    const { status, body } = await send({ maxAnswerBytes: 64, whenLonger: 'cut' });
    expect(status).toBe(200);
    expect(body).toHaveLength(64);
    expect(await connectionsAre(0)).toBe(0);
  });
});

describe('a server', () => {
  it.each(['hang', 'hangInBody'] as const)('that does %s is given up', async (behaviour) => {
    server.answer = behaviours[behaviour];
    await expect(send({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'CALLBACK_TIMEOUT' });
    expect(await connectionsAre(0)).toBe(0);
  });

  it.each(['reset', 'resetInBody'] as const)('that does %s is unreachable', async (behaviour) => {
    server.answer = behaviours[behaviour];
    await expect(send()).rejects.toMatchObject({ code: 'CALLBACK_UNREACHABLE' });
  });

  it('that is not there is unreachable', async () => {
    const gone = await CallbackServer.start();
    const url = new URL(gone.url());
    await gone.close();
    await expect(send({ url })).rejects.toMatchObject({ code: 'CALLBACK_UNREACHABLE' });
  });

  it('that speaks no HTTP is unreachable', async () => {
    const other = await listen((socket) => socket.end('220 mail.example ESMTP\r\n'));
    await expect(send({ url: urlOf(other) })).rejects.toMatchObject({
      code: 'CALLBACK_UNREACHABLE',
    });
    other.close();
  });

  it('that closes a kept connection just then is called again', async () => {
    let connections = 0;
    const other = await listen((socket) => {
      connections += 1;
      const first = connections === 1;
      let requests = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        requests += 1;
        if (first && requests === 2) {
          socket.resetAndDestroy();
        } else {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0');
        }
      });
    });
    const url = urlOf(other);
    await send({ url });
    await expect(send({ url })).resolves.toMatchObject({ status: 200 });
    expect(connections).toBe(2);
    client.close();
    other.close();
  });

  it('keeps its connection for the next call', async () => {
    await send();
    await send();
    expect(await server.connections()).toBe(1);
  });
});

describe('a call', () => {
  it('is given up with the reason of its signal', async () => {
    server.answer = behaviours.hang;
    const abort = new AbortController();
    const asked = client.send(call(), 'session', abort.signal);
    await server.called('on_play');
    abort.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(await connectionsAre(0)).toBe(0);
  });

  it('that nobody waits for has its time from when it has a connection', async () => {
    server.answer = behaviours.hang;
    const began = performance.now();
    const all = Array.from({ length: 64 }, () =>
      client.send(call({ timeoutMs: 300 }), 'nobody', signal).catch((error) => error.code),
    );
    expect(new Set(await Promise.all(all))).toEqual(new Set(['CALLBACK_TIMEOUT']));
    // Two rounds of 32 connections: the second did not begin its time with the first.
    expect(performance.now() - began).toBeGreaterThan(590);
  });
});

describe('https', () => {
  it('asks for a good certificate, unless it is told not to', async () => {
    const place = new Playground();
    makeCertificate(place.folder);
    const file = (name: string) => readFileSync(join(place.folder, name));
    const own = await CallbackServer.start({ cert: file('server.crt'), key: file('server.key') });
    const url = new URL(own.url());
    await expect(send({ url })).rejects.toMatchObject({ code: 'CALLBACK_UNREACHABLE' });
    expect(await send({ url, verifyCertificate: false })).toEqual({ status: 200, body: '0' });
    await own.close();
    await place.clear();
  });
});

async function connectionsAre(count: number): Promise<number> {
  let now = await server.connections();
  for (let tries = 0; now !== count && tries < 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    now = await server.connections();
  }
  return now;
}

async function listen(onSocket: Parameters<typeof createServer>[1]): Promise<Server> {
  const other = createServer(onSocket);
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  return other;
}

function urlOf(other: Server): URL {
  return new URL(`http://127.0.0.1:${(other.address() as { port: number }).port}/`);
}
