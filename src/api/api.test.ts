import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, vi } from 'vitest';
import { MemorySink } from '../../test/fakes/memory-sink.ts';
import { configFromObject } from '../config/from-object.ts';
import type { ConfigInput, MillraceConfig } from '../config/millrace-config.ts';
import { DEFAULT_VHOST } from '../config/millrace-config.ts';
import { parseConfigText } from '../config/parser.ts';
import { Log } from '../log/logger.ts';
import { MachineSampler } from '../machine/machine-sampler.ts';
import { ConfigReloader } from '../reload/config-reloader.ts';
import type { ClientDescription } from '../statistics/client-description.ts';
import { Statistics } from '../statistics/statistics.ts';
import { streamUrl } from '../streams/stream-key.ts';
import { ApiApps } from './api-apps.ts';
import { openApiWarning } from './open-api-warning.ts';
import { ReloadRequests } from './reload-requests.ts';

const AUTH = { enabled: true, username: 'admin', password: 'secret', tokens: ['token-1'] };

function setUp(input: ConfigInput = { httpApi: { enabled: true } }, reload?: () => void) {
  let config = configFromObject(input);
  const statistics = new Statistics('service1');
  const machine = new MachineSampler(() => ({ enabled: true, disk: [] }));
  machine.sample();
  const kick = vi.fn();
  const chooseLayer = vi.fn();
  const onFault = vi.fn();
  const apps = new ApiApps(
    {
      identity: { serverId: 'vid-1234567', serviceId: 'service1', cid: 'cid', pid: 42 },
      config: () => config,
      statistics,
      machine,
      startedAtMs: Date.now() - 90_000,
      kick,
      chooseLayer,
      reloads: new ReloadRequests(reloaderOf(config, reload)),
      metrics: async () => '# no metrics\n',
    },
    onFault,
  );
  const get = async (url: string) => (await apps.api.inject(url)).body;
  const reconfigure = (next: ConfigInput) => {
    config = configFromObject(next);
  };
  return { apps, api: apps.api, statistics, kick, chooseLayer, onFault, get, reconfigure };
}

/** Reloads that change nothing. @param read  called for each, may throw. */
function reloaderOf(config: MillraceConfig, read: (() => void) | undefined): ConfigReloader {
  const nothing = { changes: [], addedVhosts: [], removedVhosts: [], sessions: [] };
  const plan = { config, ...nothing, opens: [], closes: [] };
  const log = new Log({ sink: new MemorySink(), level: 'info', utc: true, pid: 42 });
  return new ConfigReloader(
    { planReload: () => plan, reload: async () => plan },
    log.context('cid'),
    read &&
      (() => {
        read();
        return { config, warnings: [], accepted: [], files: [], file: undefined, tree: NO_TREE };
      }),
  );
}
const NO_TREE = parseConfigText('');

function description(stream: string, more: Partial<ClientDescription> = {}): ClientDescription {
  const key = { vhost: DEFAULT_VHOST, app: 'live', stream };
  return {
    key,
    streamUrl: streamUrl(key),
    protocol: 'rtmp',
    type: 'fmle-publish',
    name: stream,
    ip: '192.0.2.1',
    tcUrl: 'rtmp://127.0.0.1/live',
    pageUrl: 'http://page',
    swfUrl: '',
    ...more,
  };
}

/** A server with one stream that has a publisher and a player. */
function busy(input?: ConfigInput) {
  const server = setUp(input);
  const { statistics } = server;
  statistics.begin({ id: 1, cid: 'aaaaaaaa' }, true, description('a'));
  const player = { protocol: 'http_flv', type: 'flv-play', name: 'a.flv', tcUrl: 'http://h/live' };
  statistics.begin({ id: 2, cid: 'bbbbbbbb' }, false, description('a', player));
  statistics.tracks({
    type: 'stream_tracks',
    session: 1,
    stream: '/live/a',
    video: { codec: 'H264', width: 1280, height: 720, profile: 100, level: 31 },
    audio: { codec: 'AAC', sample_rate: 48_000, channels: 2, profile: 2 },
  });
  return server;
}

const HEAD = '{"code":0,"server":"vid-1234567","service":"service1","pid":"42"';

describe('answers of the API', () => {
  it('begin with the same fields', async () => {
    const { get } = setUp();
    for (const path of [
      '',
      'versions',
      'summaries',
      'rusages',
      'streams/',
      'clients/',
      'vhosts/',
    ]) {
      expect(await get(`/api/v1/${path}`)).toMatch(new RegExp(`^${HEAD}`));
    }
  });

  it('show a stream as SRS does', async () => {
    const { get } = busy();
    const body = (await get('/api/v1/streams/')).replace(/vid-[0-9a-z]{7}"/g, 'ID"');
    expect(body.replace(/"live_ms":\d+/, '"live_ms":1')).toBe(
      `${HEAD.replace('vid-1234567', 'ID')},"streams":[{"id":"ID","name":"a","vhost":"ID","app":"live",` +
        '"tcUrl":"rtmp://127.0.0.1/live","url":"/live/a","live_ms":1,"clients":2,"frames":0,' +
        '"send_bytes":0,"recv_bytes":0,"kbps":{"recv_30s":0,"send_30s":0,"recv_now":0,"send_now":0},' +
        '"publish":{"active":true,"cid":"aaaaaaaa"},' +
        '"video":{"codec":"H264","profile":"High","level":"3.1","width":1280,"height":720},' +
        '"audio":{"codec":"AAC","sample_rate":48000,"channel":2,"profile":"LC"}}]}',
    );
  });

  it('show a client as SRS does', async () => {
    const { get } = busy();
    const body = (await get('/api/v1/clients/bbbbbbbb')).replace(/vid-[0-9a-z]{7}"/g, 'ID"');
    expect(body.replace(/"alive":\d+\.\d\d,/, '"alive":0.00,')).toBe(
      `${HEAD.replace('vid-1234567', 'ID')},"client":{"id":"bbbbbbbb","vhost":"ID","stream":"ID",` +
        '"ip":"192.0.2.1","pageUrl":"http://page","swfUrl":"","tcUrl":"http://h/live","url":"/live/a",' +
        '"name":"a.flv","type":"flv-play","publish":false,"alive":0.00,"send_bytes":0,"recv_bytes":0,' +
        '"kbps":{"recv_30s":0,"send_30s":0,"recv_now":0,"send_now":0}}}',
    );
  });

  it('show a vhost as SRS does', async () => {
    const { get } = busy({
      httpApi: { enabled: true },
      vhosts: { [DEFAULT_VHOST]: { hls: { enabled: true, fragmentMs: 2000 } } },
    });
    expect((await get('/api/v1/vhosts/')).replace(/vid-[0-9a-z]{7}"/g, 'ID"')).toBe(
      `${HEAD.replace('vid-1234567', 'ID')},"vhosts":[{"id":"ID","name":"__defaultVhost__","enabled":true,` +
        '"clients":2,"streams":1,"send_bytes":0,"recv_bytes":0,"kbps":{"recv_30s":0,"send_30s":0,"recv_now":0,"send_now":0},' +
        '"hls":{"enabled":true,"fragment":2.00}}]}',
    );
  });

  it('are what the document says', async () => {
    const { api, get, statistics } = busy();
    const document = JSON.parse(await get('/api/v1/openapi.json'));
    const ajv = new Ajv2020({ strict: false });
    const [stream] = statistics.streams.values();
    const vhost = stream?.vhost.id ?? '';
    let checked = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      const schema = (methods as Record<string, Answers>).get?.responses['200']?.content[
        'application/json'
      ].schema;
      if (schema) {
        const id = path.includes('streams')
          ? stream?.id
          : path.includes('vhosts')
            ? vhost
            : 'aaaaaaaa';
        const url = path.replace('{id}', id ?? '') + (path.endsWith('/raw') ? '?rpc=raw' : '');
        const { body, statusCode } = await api.inject(url);
        expect(statusCode, url).toBe(200);
        const answer = JSON.parse(body);
        expect(answer, url).not.toHaveProperty('error');
        expect(ajv.validate(schema, answer), `${url} ${ajv.errorsText()} ${body}`).toBe(true);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(15);
  });

  it.each([
    ['/api/v1/vhosts/vid-0000000', 2014],
    ['/api/v1/streams/vid-0000000', 2048],
    ['/api/v1/clients/00000000', 2049],
    ['/api/v1/raw', 1060],
    ['/api/v1/raw?rpc=query', 1060],
    ['/api/v1/raw?rpc=reload', 1061],
    ['/api/v1/raw?rpc=reload-fetch', 1061],
    ['/api/v1/tests/errors', 100],
  ])('%s is error %i', async (url, code) => {
    const { api, onFault } = busy();
    const { statusCode, body } = await api.inject(url);
    expect([statusCode, JSON.parse(body).code]).toEqual([200, code]);
    expect(onFault).not.toHaveBeenCalled();
  });

  it.each([
    ['/api', '/api/'],
    ['/api/v1?a=b', '/api/v1/?a=b'],
    ['/api/v1/streams?count=1', '/api/v1/streams/?count=1'],
  ])('%s goes to %s', async (url, location) => {
    const { statusCode, headers } = await setUp().api.inject(url);
    expect([statusCode, headers.location]).toEqual([302, location]);
  });

  it.each(['/', '/x', '/api/', '/api/x', '/api/v1/', '/api/v1/x/y', '/index.html'])(
    '%s tells where to look',
    async (url) => {
      expect(await setUp().get(url)).toMatch(new RegExp(`^${HEAD},"urls":`));
    },
  );

  it('refuse methods that a list does not have', async () => {
    const { api } = busy();
    for (const [method, url] of [
      ['POST', '/api/v1/streams/'],
      ['DELETE', '/api/v1/streams/x'],
      ['PUT', '/api/v1/clients/x'],
      ['DELETE', '/api/v1/vhosts/'],
    ] as const) {
      const { statusCode, body } = await api.inject({ method, url });
      expect([statusCode, body]).toEqual([405, 'Method Not Allowed']);
    }
  });

  it('send a request back', async () => {
    const { api } = setUp();
    const { body } = await api.inject({
      url: '/api/v1/tests/requests?a=1',
      headers: { host: 'h' },
    });
    expect(JSON.parse(body).data).toMatchObject({
      uri: 'http://h/api/v1/tests/requests?a=1',
      path: '/api/v1/tests/requests',
      METHOD: 'GET',
      headers: { sigature: 'SRS' },
    });
    const redirect = await api.inject('/api/v1/tests/redirects');
    expect([redirect.statusCode, redirect.headers.location]).toEqual([301, '/api/v1/tests/errors']);
  });

  it('say where a stream is, by POST too', async () => {
    const { api } = busy();
    const url =
      '/api/v1/clusters?vhost=__defaultVhost__&ip=o&app=live&stream=a&coworker=192.0.2.9:1985';
    const headers = { 'content-type': 'application/json' };
    const { body } = await api.inject({ method: 'POST', url, headers, payload: '' });
    expect(JSON.parse(body)).toEqual({
      code: 0,
      data: {
        query: { ip: 'o', vhost: '__defaultVhost__', app: 'live', stream: 'a' },
        origin: {
          ip: '192.0.2.9',
          port: 1935,
          vhost: '__defaultVhost__',
          api: '192.0.2.9:1985',
          routers: ['192.0.2.9:1935'],
        },
      },
    });
    const absent = await api.inject('/api/v1/clusters?app=live&stream=b');
    expect(JSON.parse(absent.body).data.origin).toBeNull();
  });
});

interface Answers {
  readonly responses: Readonly<
    Record<string, { readonly content: Record<'application/json', { readonly schema: object }> }>
  >;
}

describe('pages of a list', () => {
  function withStreams(count: number) {
    const server = setUp();
    for (let at = 0; at < count; at += 1) {
      server.statistics.begin({ id: at, cid: `c${at}` }, true, description(`s${at}`));
    }
    const names = async (query: string) =>
      JSON.parse(await server.get(`/api/v1/streams/${query}`)).streams.map(
        ({ name }: { name: string }) => name,
      );
    return { ...server, names };
  }

  it('are as long as was asked for', async () => {
    const { names } = withStreams(25);
    expect(await names('')).toEqual(Array.from({ length: 10 }, (_, at) => `s${at}`));
    expect(await names('?start=20')).toEqual(['s20', 's21', 's22', 's23', 's24']);
    expect(await names('?start=1&count=2')).toEqual(['s1', 's2']);
    expect(await names('?count=0')).toEqual([]);
    expect(await names('?start=25')).toEqual([]);
    expect(await names('?count=1000')).toHaveLength(25);
  });

  it.each(['count=-1', 'count=x', 'count=1e9', 'start=-1', 'start=1.5', 'count=10001'])(
    'cannot be %s',
    async (query) => {
      const { statusCode, body } = await withStreams(1).api.inject(`/api/v1/clients/?${query}`);
      expect(statusCode).toBe(400);
      expect(JSON.parse(body)).toMatchObject({ code: 1102, error: 'INVALID_ARGUMENT' });
    },
  );

  it('show what is there of ten thousand', async () => {
    const { names } = withStreams(10_000);
    expect(await names('?start=9998&count=10')).toEqual(['s9998', 's9999']);
  });
});

describe('choice of a layer', () => {
  it('goes to the session of the client, and takes nothing but a layer', async () => {
    const { api, chooseLayer } = busy();
    const patch = (id: string, body: object) =>
      api.inject({ method: 'PATCH', url: `/api/v1/clients/${id}`, payload: body });
    expect((await patch('bbbbbbbb', { layer: 'h' })).statusCode).toBe(200);
    expect(chooseLayer.mock.calls).toEqual([[2, 'h']]);
    expect((await patch('bbbbbbbb', { layer: {} })).statusCode).toBe(400);
    expect((await patch('bbbbbbbb', {})).statusCode).toBe(400);
    expect((await patch('nobody', { layer: 'h' })).body).toContain('2049');
    expect(chooseLayer).toHaveBeenCalledTimes(1);
  });
});

describe('kick-off', () => {
  it('ends a client by its id', async () => {
    const { api, kick } = busy();
    const { body } = await api.inject({ method: 'DELETE', url: '/api/v1/clients/bbbbbbbb' });
    expect(body).toBe(`${HEAD}}`);
    expect(kick.mock.calls).toEqual([[2]]);
  });

  it('works from a script, and says who is not there', async () => {
    const { get, kick, api } = busy();
    expect(await get('/api/v1/clients/aaaaaaaa?callback=f&method=DELETE')).toBe(`f(${HEAD}})`);
    expect(kick).toHaveBeenCalledOnce();
    for (const id of ['', 'nobody']) {
      const { body } = await api.inject({ method: 'DELETE', url: `/api/v1/clients/${id}` });
      expect(JSON.parse(body).code).toBe(2049);
    }
    expect(kick).toHaveBeenCalledOnce();
  });
});

describe('reload over HTTP', () => {
  const rawApi = { enabled: true, allowReload: true };
  const httpApi = { enabled: true, rawApi };

  it('is done after the answer, and says what became of it', async () => {
    const reload = vi.fn();
    const { get } = setUp({ httpApi }, reload);
    expect(await get('/api/v1/raw?rpc=raw')).toBe(
      '{"code":0,"http_api":{"enabled":true,"listen":"1985","crossdomain":true,' +
        '"raw_api":{"enabled":true,"allow_reload":true,"allow_query":false,"allow_update":false}}}',
    );
    expect(await get('/api/v1/raw?rpc=reload')).toBe('{"code":0}');
    await vi.waitFor(async () =>
      expect(JSON.parse(await get('/api/v1/raw?rpc=reload-fetch'))).toEqual({
        code: 0,
        data: { err: 0, msg: 'Success', state: 90, rid: expect.stringMatching(/^[0-9a-z]{7}$/) },
      }),
    );
    expect(reload).toHaveBeenCalledOnce();
  });

  it('says why it failed', async () => {
    const { get } = setUp({ httpApi }, () => {
      throw Object.assign(new Error('x.conf:3: unknown directive'), { code: 'CONFIG_INVALID' });
    });
    await get('/api/v1/raw?rpc=reload');
    await vi.waitFor(async () =>
      expect(JSON.parse(await get('/api/v1/raw?rpc=reload-fetch')).data).toMatchObject({
        err: 1023,
        msg: expect.stringContaining('x.conf:3'),
      }),
    );
  });

  it('is nothing that a server without a file can do', async () => {
    expect(JSON.parse(await setUp({ httpApi }).get('/api/v1/raw?rpc=reload')).code).toBe(1061);
  });
});

describe('who may use the API', () => {
  it('is asked for a password on every port, but not for metrics', async () => {
    const { api, apps } = setUp({ httpApi: { enabled: true, auth: AUTH } });
    for (const app of [api, apps.httpServer, apps.exporter]) {
      expect((await app.inject('/api/v1/versions')).statusCode).toBe(401);
    }
    expect((await api.inject('/metrics')).body).toBe('# no metrics\n');
    for (const authorization of ['Basic YWRtaW46c2VjcmV0', 'Bearer token-1']) {
      const { statusCode } = await api.inject({
        url: '/api/v1/clients/',
        headers: { authorization },
      });
      expect(statusCode).toBe(200);
    }
  });

  it.each<[ConfigInput['httpApi'], boolean]>([
    [{ enabled: true }, true],
    [{ enabled: true, listen: '[::]:1985' }, true],
    [{ enabled: true, listen: ['127.0.0.1:1985', '192.0.2.1:1985'] }, true],
    [{ enabled: true, listen: ['127.0.0.1:1985', '[::1]:1985'] }, false],
    [{ enabled: true, listen: '127.0.0.1:1985', https: { enabled: true } }, true],
    [{ enabled: true, auth: AUTH }, false],
    [{ enabled: false }, false],
  ])('%j warns: %s', (httpApi, warns) => {
    expect(openApiWarning(configFromObject({ httpApi })) !== undefined).toBe(warns);
  });
});

describe('ports', () => {
  const apart = { httpApi: { enabled: true }, httpServer: { enabled: true } };
  const together = {
    httpApi: { enabled: true, listen: 8080 },
    httpServer: { enabled: true, listen: 8080 },
  };

  it('of the HTTP server have the version only, unless the API is there', async () => {
    const { apps, reconfigure } = setUp(apart);
    expect((await apps.httpServer.inject('/api/v1/versions')).statusCode).toBe(200);
    for (const url of ['/api/v1/clients/', '/', '/metrics', '/live/a.m3u8']) {
      expect((await apps.httpServer.inject(url)).statusCode).toBe(404);
    }
    reconfigure(together);
    expect((await apps.httpServer.inject('/api/v1/clients/')).statusCode).toBe(200);
    expect((await apps.httpServer.inject('/live/a.m3u8')).statusCode).toBe(404);
    reconfigure(apart);
    expect((await apps.httpServer.inject('/api/v1/clients/')).statusCode).toBe(404);
  });

  it('of the exporter have the API only while it is on', async () => {
    const url = '/api/v1/clients/';
    const { apps, reconfigure } = setUp({ exporter: { enabled: true } });
    expect((await apps.exporter.inject(url)).statusCode).toBe(404);
    reconfigure({ httpApi: { enabled: true }, exporter: { enabled: true } });
    expect((await apps.exporter.inject(url)).statusCode).toBe(200);
    expect((await apps.exporter.inject('/metrics')).body).toBe('# no metrics\n');
  });
});
