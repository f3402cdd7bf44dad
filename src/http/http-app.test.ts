import { describe, expect, it, vi } from 'vitest';
import { ServerError } from '../errors/server-error.ts';
import type { HttpRequest } from '../native/boundary/http.ts';
import { EngineRequests } from './engine-requests.ts';
import { createHttpApp } from './http-app.ts';

function setUp(crossdomain = true) {
  const onFault = vi.fn();
  const app = createHttpApp({
    serverHeader: 'SRS/7.0.18(Test)',
    crossdomain: () => crossdomain,
    authorize: () => undefined,
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
    ['JSON that is a million deep', '['.repeat(1_000_000), 400],
    ['JSON that is 33 deep', `${'['.repeat(33)}${']'.repeat(33)}`, 400],
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

  it.each([
    ['nothing', '', '{}'],
    ['JSON that is 32 deep', `${'['.repeat(32)}${']'.repeat(32)}`, undefined],
    ['brackets in texts', JSON.stringify('[{"'.repeat(100)), undefined],
  ])('takes %s', async (_, payload, expected) => {
    const { statusCode, body } = await setUp().app.inject({
      method: 'POST',
      url: '/answer',
      headers: { 'content-type': 'application/json' },
      payload,
    });
    expect([statusCode, body]).toEqual([200, expected ?? `{"body":${payload}}`]);
  });

  it('keeps its own faults to itself, and reports them', async () => {
    const { app, onFault } = setUp();
    const { statusCode, body } = await app.inject('/fault');
    expect([statusCode, body]).toEqual([500, 'Internal Server Error']);
    expect(onFault).toHaveBeenCalledOnce();
  });
});

describe('JSONP', () => {
  it('puts the answer into the callback', async () => {
    const { headers, body } = await setUp().app.inject('/answer?callback=a.b_$1');
    expect(headers['content-type']).toBe('text/javascript');
    expect(body).toBe('a.b_$1({"code":0})');
  });

  it.each(['<script>', 'a-b', 'a(b', "a'b", 'a%0ab', '', 'a'.repeat(129), 'a&callback=b'])(
    'refuses the callback %j',
    async (callback) => {
      const answer = await setUp().app.inject(`/answer?callback=${callback}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.body).not.toContain('script>');
    },
  );

  it('takes another method beside a callback, and only there', async () => {
    const { app } = setUp();
    app.delete('/answer', () => ({ deleted: true }));
    expect((await app.inject('/answer?callback=f&method=DELETE')).body).toBe('f({"deleted":true})');
    expect((await app.inject('/answer?method=DELETE')).body).toBe('{"code":0}');
    expect((await app.inject('/answer?callback=f&method=TRACE')).body).toBe('f({"code":0})');
    expect((await app.inject('/answer?callback=f%3C&method=DELETE')).statusCode).toBe(400);
  });
});

describe('errors of routes', () => {
  it.each([
    ['/api/x', 200],
    ['/rtc/x', 409],
  ])('of %s have the status %i', async (url, status) => {
    const { app, onFault } = setUp();
    app.get(url, () => {
      throw new ServerError('STREAM_BUSY', 'by somebody');
    });
    const { statusCode, body } = await app.inject(url);
    expect(statusCode).toBe(status);
    expect(body).toBe('{"code":1028,"error":"STREAM_BUSY","message":"by somebody"}');
    expect(onFault).not.toHaveBeenCalled();
  });
});

describe('authentication', () => {
  const app = createHttpApp({
    serverHeader: 'x',
    crossdomain: () => true,
    authorize: (given) => (given === 'Basic right' ? undefined : { challenge: 'Basic' }),
    onFault: () => {},
  });
  app.get('/api/v1/clients/:id', ({ params }) => params as { id: string });
  app.get('/*', () => 'root');

  it.each([
    '/api/v1/clients/a',
    '/%61pi/v1/clients/a',
    '/api/v1/nothing',
    '/API/v1/clients/a',
    '/x/api/y',
    '/api',
    '/api/v1/clients/a?callback=f&method=GET',
  ])('%s is not for everybody', async (url) => {
    const { statusCode, body, headers } = await app.inject(url);
    expect([statusCode, body, headers['www-authenticate']]).toEqual([401, '', 'Basic']);
  });

  it.each(['/', '/metrics', '/rtc/v1/whip/', '/apiary'])('%s is', async (url) => {
    expect((await app.inject(url)).statusCode).toBe(200);
  });

  it('lets in who has the password', async () => {
    const headers = { authorization: 'Basic right' };
    const { body } = await app.inject({ url: '/%61pi/v1/clients/a', headers });
    expect(body).toBe('{"id":"a"}');
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
    return { requests: new EngineRequests(() => app, onFault), onFault };
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
    const waiting = new EngineRequests(() => app, onFault);
    for (let count = 0; count < 256; count += 1) {
      void waiting.answer({ ...request, target: '/wait' });
    }
    expect(await waiting.answer(request)).toMatchObject({ status: 503 });
  });
});
