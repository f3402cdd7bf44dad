import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  closed,
  FakeAddon,
  type FakeEngine,
  playRequested,
  publishRequested,
} from '../../test/fakes/fake-addon.ts';
import { MemorySink } from '../../test/fakes/memory-sink.ts';
import { behaviours, CallbackServer } from '../../test/support/callback-server.ts';
import { configFromObject } from '../config/from-object.ts';
import type { VhostInput } from '../config/millrace-config.ts';
import { RepeatedLines } from '../log/repeated-lines.ts';
import { identify } from '../protocols/identify.ts';
import { createServer, type Server } from '../server.ts';
import { Callbacks } from './callbacks.ts';

let hooks: CallbackServer;
let server: Server;
let engine: FakeEngine;
let sink: MemorySink;

const EVENTS = ['Connect', 'Close', 'Publish', 'Unpublish', 'Play', 'Stop'] as const;

beforeEach(async () => {
  hooks = await CallbackServer.start();
});
afterEach(async () => {
  await server.close();
  await hooks.close();
});

async function start(changes: VhostInput['httpHooks'] = {}): Promise<void> {
  const urls = Object.fromEntries(EVENTS.map((event) => [`on${event}`, [hooks.url()]]));
  const addon = new FakeAddon();
  sink = new MemorySink();
  const httpHooks = { enabled: true, retries: 0, timeoutMs: 5000, ...urls, ...changes };
  server = createServer(
    configFromObject({
      rtmp: { listen: 0 },
      process: { serverId: 'vid-test' },
      vhosts: { __defaultVhost__: { httpHooks }, 'quiet.example': {} },
    }),
    { addon, log: sink },
  );
  await server.start();
  ({ engine } = addon);
}

/** Resolves with the `count`th command to a session, as soon as it is there. */
async function decided(session: number, count = 1) {
  for (;;) {
    const command = engine.commands.filter((one) => one.session === session)[count - 1];
    if (command) {
      return command;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const actions = () => hooks.calls.map(({ action }) => action);

describe('payloads', () => {
  const param = { param: '?token=abc', tc_url: 'rtmp://127.0.0.1:1935/live' };

  it('of a publisher are those of SRS, in its order of keys', async () => {
    await start();
    const session = engine.open();
    engine.deliver([publishRequested(session, param)]);
    expect(await decided(session)).toMatchObject({ name: 'accept' });
    engine.deliver([{ ...closed(session), ...{ bytes_in: 3499, bytes_out: 1_213_058 } }]);
    await hooks.called('on_close');

    const ids = `"server_id":"vid-test","service_id":"${server.identity.serviceId}"`;
    const who = '"client_id":"cid00001","ip":"192.0.2.1","vhost":"__defaultVhost__","app":"live"';
    const stream = '"stream":"livestream","param":"?token=abc"';
    const tcUrl = '"tcUrl":"rtmp://127.0.0.1:1935/live"';
    const streamId = String(hooks.of('on_publish')[0]?.body.stream_id);
    expect(streamId).toMatch(/^vid-[0-9a-z]{7}$/);
    const tail = `"stream_url":"/live/livestream","stream_id":"${streamId}"`;
    expect(hooks.calls.map(({ text }) => text)).toEqual([
      `{${ids},"action":"on_connect",${who},${stream},${tcUrl},"pageUrl":""}`,
      `{${ids},"action":"on_publish",${who},${tcUrl},${stream},${tail}}`,
      `{${ids},"action":"on_unpublish",${who},${tcUrl},${stream},${tail}}`,
      `{${ids},"action":"on_close",${who},"send_bytes":1213058,"recv_bytes":3499}`,
    ]);
    expect(hooks.calls[0]).toMatchObject({
      method: 'POST',
      url: '/hooks',
      headers: {
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^SRS\/[\d.]+\(\w+\)$/),
        host: `127.0.0.1:${hooks.port}`,
      },
    });
  });

  it('of a player over HTTP-FLV have no connection', async () => {
    await start();
    const session = engine.open('192.0.2.1', 'http');
    const event = { protocol: 'http_flv', format: 'flv', ip: '198.51.100.7' } as const;
    engine.deliver([
      playRequested(session, { ...event, ...param, page_url: 'http://page.example/' }),
    ]);
    await decided(session);
    engine.deliver([{ type: 'play_stopped', session, code: 'NONE' }, closed(session)]);
    const { body } = await hooks.called('on_stop');
    expect(actions()).toEqual(['on_play', 'on_stop']);
    expect(Object.keys(hooks.of('on_play')[0]?.body ?? {}).join(' ')).toBe(
      'server_id service_id action client_id ip vhost app stream tcUrl param pageUrl stream_url stream_id',
    );
    expect(Object.keys(body).join(' ')).toBe(
      'server_id service_id action client_id ip vhost app tcUrl stream param stream_url stream_id',
    );
    expect(hooks.of('on_play')[0]?.body).toMatchObject({
      ip: '198.51.100.7',
      pageUrl: 'http://page.example/',
    });
  });

  it('of a viewer of HLS name the playlist', async () => {
    await start();
    engine.deliver([
      {
        ...playRequested(9, param),
        type: 'hls_session_requested',
        cid: '53ik5c41',
        ip: '192.0.2.1',
        peer_ip: '192.0.2.1',
        peer_port: 49152,
        local_port: 8080,
        path: '/live/livestream.m3u8',
      },
    ]);
    await decided(9);
    engine.deliver([closed(9)]);
    const { body } = await hooks.called('on_stop');
    expect(actions()).toEqual(['on_play', 'on_stop']);
    expect(body).toMatchObject({
      client_id: '53ik5c41',
      stream: 'livestream.m3u8',
      stream_url: '/live/livestream',
    });
  });
});

describe('a refusal', () => {
  it.each([
    ['refuse', 'CALLBACK_CODE', 403],
    ['answerText', 'CALLBACK_CODE', 403],
    ['answerMarkup', 'CALLBACK_ANSWER_INVALID', 502],
    ['answerNothing', 'CALLBACK_ANSWER_INVALID', 502],
    ['endless', 'CALLBACK_ANSWER_INVALID', 502],
    ['fail', 'CALLBACK_STATUS', 502],
    ['redirect', 'CALLBACK_STATUS', 502],
    ['reset', 'CALLBACK_UNREACHABLE', 502],
  ] as const)('by a server that does %s is %s', async (behaviour, code, http_status) => {
    await start({ onConnect: [] });
    hooks.answer = behaviours[behaviour];
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    expect(await decided(session)).toMatchObject({ rejection: { code, http_status } });
    // Nothing to undo: the server did not count it in.
    engine.deliver([closed(session, code)]);
    await hooks.called('on_close').catch(() => {});
    expect(actions()).not.toContain('on_unpublish');
    expect(sink.with(`on_publish ${hooks.url()}`)).toHaveLength(1);
  });

  it('by one server ends the questions', async () => {
    const second = await CallbackServer.start();
    await start({ onPublish: [hooks.url('/1'), second.url('/2'), hooks.url('/3')], onConnect: [] });
    second.answer = behaviours.refuse;
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await decided(session);
    expect(hooks.calls.map(({ url }) => url)).toEqual(['/1']);
    expect(second.calls.map(({ url }) => url)).toEqual(['/2']);
    await second.close();
  });

  it('for want of an answer is undone, because the server may have counted the peer in', async () => {
    await start({ timeoutMs: 50, onConnect: [] });
    hooks.answer = ({ action }, response) => action === 'on_publish' || response.end('0');
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    expect(await decided(session)).toMatchObject({ rejection: { code: 'CALLBACK_TIMEOUT' } });
    await hooks.called('on_unpublish');
  });
});

describe('pairs', () => {
  it('are kept when the peer goes while it is asked about', async () => {
    await start();
    let answer = (): void => {};
    hooks.answer = ({ action }, response) => {
      if (action === 'on_publish') {
        answer = () => response.end('0');
      } else {
        response.end('0');
      }
    };
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await hooks.called('on_publish');
    engine.deliver([closed(session)]);
    answer();
    await hooks.called('on_unpublish');
    await hooks.called('on_close');
    expect(engine.lastOf(session)).toBeUndefined();
  });

  it('are kept over several publishes of one connection', async () => {
    await start();
    const session = engine.open();
    for (let round = 1; round <= 3; round += 1) {
      engine.deliver([publishRequested(session, { stream: `s${round}` })]);
      await decided(session, round);
      engine.deliver([{ type: 'publish_stopped', session, code: 'NONE' }]);
    }
    engine.deliver([closed(session)]);
    await hooks.called('on_close');
    expect(actions().filter((action) => action === 'on_connect')).toHaveLength(3);
    expect(hooks.of('on_unpublish').map(({ body }) => body.stream)).toEqual(['s1', 's2', 's3']);
    expect(hooks.of('on_close')).toHaveLength(1);
  });

  it('have no end for one that was refused because another publishes', async () => {
    await start();
    const [first, second] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(first)]);
    await decided(first);
    engine.deliver([publishRequested(second)]);
    expect(await decided(second)).toMatchObject({ rejection: { code: 'STREAM_BUSY' } });
    engine.deliver([closed(second, 'STREAM_BUSY'), closed(first)]);
    await hooks.called('on_close', 2);
    expect(hooks.of('on_publish')).toHaveLength(2);
    expect(hooks.of('on_unpublish').map(({ body }) => body.client_id)).toEqual(['cid00001']);
  });

  it('end before the next publisher of the name is asked about', async () => {
    await start();
    const [first, second] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(first)]);
    await decided(first);
    // Loops report independently: the end may stand behind the one who comes.
    engine.deliver([publishRequested(second), closed(first)]);
    await decided(second);
    const about = hooks.calls.filter(({ action }) => /publish$/.test(action));
    expect(about.map(({ action, body }) => `${action} ${body.client_id}`)).toEqual([
      'on_publish cid00001',
      'on_unpublish cid00001',
      'on_publish cid00002',
    ]);
  });

  it('are kept when the server stops', async () => {
    await start();
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await decided(session);
    await server.close();
    expect(actions()).toEqual(['on_connect', 'on_publish', 'on_unpublish']);
  });

  it('belong to the configuration that the peer came with', async () => {
    await start();
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await decided(session);
    await server.reload(
      configFromObject({ rtmp: { listen: 0 }, vhosts: { __defaultVhost__: {} } }),
    );
    engine.deliver([closed(session)]);
    await hooks.called('on_unpublish');
    const next = engine.open();
    engine.deliver([publishRequested(next)]);
    await decided(next);
    expect(hooks.of('on_publish')).toHaveLength(1);
  });
});

describe('others', () => {
  it('are not asked about in a vhost without callbacks', async () => {
    await start();
    const session = engine.open();
    engine.deliver([publishRequested(session, { vhost: 'quiet.example' }), closed(session)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hooks.calls).toEqual([]);
  });

  it('are let in while the server hangs for hundreds', async () => {
    await start({ onConnect: [], timeoutMs: 60_000 });
    hooks.answer = ({ body }, response) => body.app === 'hang' || response.end('0');
    const hung = Array.from({ length: 200 }, () => engine.open());
    engine.deliver(hung.map((session) => playRequested(session, { app: 'hang' })));
    await hooks.called('on_play', 200);
    const session = engine.open();
    engine.deliver([playRequested(session)]);
    expect(await decided(session)).toMatchObject({ name: 'accept' });
    engine.deliver(hung.map((id) => closed(id)));
  });
});

describe('segments of HLS', () => {
  const segment = {
    type: 'hls_segment',
    vhost: '__defaultVhost__',
    app: 'live',
    stream: 'livestream',
    duration_ms: 2019.6,
    sequence: 3,
    bytes: 188,
    file: './html/live/livestream-3.ts',
    uri: 'livestream-3.ts',
    url: 'live/livestream-3.ts',
    m3u8: './html/live/livestream.m3u8',
    m3u8_url: 'live/livestream.m3u8',
  } as const;

  it('are told in the name of their publisher, before its end', async () => {
    const notify = hooks.url('/[server_id]/[app]/[stream]/[ts_url]/[other][param]');
    await start({ onHls: [hooks.url()], onHlsNotify: [notify], onConnect: [], onClose: [] });
    const session = engine.open();
    engine.deliver([publishRequested(session, { param: '?k=v' })]);
    await decided(session);
    engine.deliver([segment, closed(session)]);
    await hooks.called('on_unpublish');
    expect(actions()).toEqual(['on_publish', 'on_hls', '', 'on_unpublish']);
    const [publish, news, get] = hooks.calls;
    expect(news?.body).toMatchObject({
      client_id: 'cid00001',
      param: '?k=v',
      duration: 2.02,
      cwd: process.cwd(),
      seq_no: 3,
      stream_id: publish?.body.stream_id,
    });
    expect(get).toMatchObject({
      method: 'GET',
      url: '/vid-test/live/livestream/livestream-3.ts/[other]?k=v',
      text: '',
      headers: { 'content-type': 'application/json', 'content-length': '0' },
    });
  });

  it('with a url of their own are fetched there', async () => {
    await start({ onHlsNotify: [hooks.url('/[ts_url]')], onConnect: [] });
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await decided(session);
    engine.deliver([{ ...segment, uri: hooks.url('/cdn/livestream-3.ts') }]);
    await hooks.until(() => hooks.calls.some(({ url }) => url === '/cdn/livestream-3.ts'));
  });

  it('of nobody are told to nobody', async () => {
    await start({ onHls: [hooks.url()] });
    engine.deliver([segment]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hooks.calls).toEqual([]);
  });
});

describe('what other parts ask for', () => {
  async function parts() {
    await start({ onDvr: [hooks.url('/dvr')] });
    const faults = new RepeatedLines(server.log.context('c'), 5);
    const { log, identity, config } = server;
    const callbacks = new Callbacks({ identity, log, lines: faults, faults });
    const name = { vhost: '', app: 'live', stream: 's', param: '?a=b', tc_url: 'x', page_url: '' };
    const request = identify(config, { cid: 'c', ip: '192.0.2.1' }, 'rtmp', 'publish', name);
    return { callbacks, request };
  }

  it('a recording is told of', async () => {
    const { callbacks, request } = await parts();
    callbacks.recorded(request, '/www/live/s.1795342924883.flv');
    const { body, url } = await hooks.called('on_dvr');
    expect(url).toBe('/dvr');
    expect(Object.keys(body).join(' ')).toBe(
      'server_id service_id action client_id ip vhost app tcUrl stream param cwd file stream_url stream_id',
    );
    expect(body.file).toBe('/www/live/s.1795342924883.flv');
    await callbacks.close();
  });

  it('a backend says where a stream is forwarded to', async () => {
    const { callbacks, request } = await parts();
    const { signal } = new AbortController();
    const ask = () => callbacks.forwardUrls(hooks.url('/forward'), request, signal);
    hooks.answer = (_, response) => response.end('{"code":0,"data":{"urls":["rtmp://a/b/c"]}}');
    expect(await ask()).toEqual(['rtmp://a/b/c']);
    expect(Object.keys(hooks.of('on_forward')[0]?.body ?? {}).join(' ')).toBe(
      'action server_id service_id client_id ip vhost app tcUrl stream param',
    );
    for (const answer of ['0', '{"code":0}', '{"code":0,"data":{"urls":[1]}}']) {
      hooks.answer = (_, response) => response.end(answer);
      await expect(ask(), answer).rejects.toMatchObject({ code: 'CALLBACK_ANSWER_INVALID' });
    }
    await callbacks.close();
  });
});

describe('signatures', () => {
  it('are the same event at each try', async () => {
    await start({ secrets: ['secret'], retries: 1, onConnect: [] });
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await decided(session);
    hooks.answer = (_, response) => {
      hooks.answer = behaviours.allow;
      response.writeHead(503).end();
    };
    engine.deliver([closed(session)]);
    await hooks.called('on_unpublish', 2);
    const [first, again] = hooks.of('on_unpublish');
    expect(first?.headers['webhook-id']).toBe(again?.headers['webhook-id']);
    expect(again?.headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
    expect(first?.text).toBe(again?.text);
  });
});
