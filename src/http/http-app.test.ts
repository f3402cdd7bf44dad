import { describe, expect, it, vi } from 'vitest';
import type { HttpRequest } from '../native/boundary.ts';
import { EngineRequests } from './engine-requests.ts';
import { createHttpApp } from './http-app.ts';

function setUp(crossdomain = true) {
  const onFault = vi.fn();
  const app = createHttpApp({
    serverHeader: 'SRS/7.0.18(Test)',
    crossdomain: () => crossdomain,
    onFault,
  });
  app.get('/answer', () => ({ code: 0 }));
  app.post('/answer', ({ body }) => ({ body }));
  app.get('/fault', () => {
    throw new Error('a fault of ours');
  });
  app.get('/ip', ({ ip, headers }) => ({ ip, cookie: headers.cookie }));
  return { app, onFault };
}

describe('HTTP of the API', () => {
  it('says who it is, and that a connection is for one request', async () => {
    const { headers, body } = await setUp().app.inject('/answer');
    expect(headers).toMatchObject({
      server: 'SRS/7.0.18(Test)',
      connection: 'Close',
      'content-type': 'application/json',
    });
    expect(body).toBe('{"code":0}');
  });

  it('answers plainly for what is not there', async () => {
    const { statusCode, body, headers } = await setUp().app.inject('/<script>');
    expect([statusCode, body]).toEqual([404, 'Not Found']);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('allows every origin, when one asks', async () => {
    const { app } = setUp();
    const asked = await app.inject({ url: '/answer', headers: { origin: 'http://a.example' } });
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'false',
    });
    const plain = await app.inject('/answer');
    expect(plain.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('answers OPTIONS on any path, and refuses it when CORS is off', async () => {
    const on = await setUp(true).app.inject({ method: 'OPTIONS', url: '/any/path' });
    expect([on.statusCode, on.headers['content-length']]).toEqual([200, '0']);
    const off = await setUp(false).app.inject({ method: 'OPTIONS', url: '/any/path' });
    expect(off.statusCode).toBe(405);
  });

  it.each([
    ['JSON that is broken', '{"a":', 400],
    ['JSON that would change prototypes', '{"__proto__":{"x":1}}', 400],
    ['a body that is too long', `"${'x'.repeat(1024 * 1024)}"`, 413],
  ])('refuses %s', async (_, payload, status) => {
    const { app, onFault } = setUp();
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/answer',
      headers: { 'content-type': 'application/json' },
      payload,
    });
    expect(statusCode).toBe(status);
    expect(onFault).not.toHaveBeenCalled();
  });

  it('keeps its own faults to itself, and reports them', async () => {
    const { app, onFault } = setUp();
    const { statusCode, body } = await app.inject('/fault');
    expect([statusCode, body]).toEqual([500, 'Internal Server Error']);
    expect(onFault).toHaveBeenCalledOnce();
  });
});

describe('requests of the engine', () => {
  const request: HttpRequest = {
    type: 'http_request',
    request: 1,
    session: 1,
    method: 'GET',
    target: '/ip',
    path: '/ip',
    query: '',
    headers: [
      ['Host', 'a.example'],
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
      ['__proto__', 'x'],
    ],
    ip: '198.51.100.1',
    tls: false,
  };

  function requests() {
    const { app, onFault } = setUp();
    return { requests: new EngineRequests(app, onFault), onFault };
  }

  it('are answered by the same routes, without headers of a connection', async () => {
    const { status, headers, body } = await requests().requests.answer(request);
    expect(status).toBe(200);
    expect(JSON.parse(String(body))).toEqual({ ip: '198.51.100.1', cookie: 'a=1, b=2' });
    expect(headers).not.toHaveProperty('connection');
    expect(headers).not.toHaveProperty('content-length');
  });

  it('pass their body on', async () => {
    const { body } = await requests().requests.answer({
      ...request,
      method: 'POST',
      target: '/answer',
      headers: [['Content-Type', 'application/json']],
      body: Buffer.from('{"a":1}'),
    });
    expect(JSON.parse(String(body))).toEqual({ body: { a: 1 } });
  });

  it.each(['//', '/%', '/%zz', '/a b', 'http://other/ip', '*', '/\u0000', ''])(
    'survive the target %j',
    async (target) => {
      const { status } = await requests().requests.answer({ ...request, target });
      expect(status).toBeGreaterThanOrEqual(200);
    },
  );

  it.each(['TRACE', 'PROPFIND', 'X'])('survive the method %s', async (method) => {
    const { status } = await requests().requests.answer({ ...request, method });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('are bounded in number', async () => {
    const { app, onFault } = setUp();
    app.get('/wait', () => new Promise(() => {}));
    const waiting = new EngineRequests(app, onFault);
    for (let count = 0; count < 256; count += 1) {
      void waiting.answer({ ...request, target: '/wait' });
    }
    expect(await waiting.answer(request)).toMatchObject({ status: 503 });
  });
});
