import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  closed,
  FakeAddon,
  type FakeEngine,
  playRequested,
  publishRequested,
} from '../test/fakes/fake-addon.ts';
import { MemorySink } from '../test/fakes/memory-sink.ts';
import { configFromObject } from './config/from-object.ts';
import type { ConfigInput } from './config/millrace-config.ts';
import { ServerError } from './errors/server-error.ts';
import type { Hooks } from './protocols/hooks.ts';
import { createServer, type Server } from './server.ts';

const servers: Server[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Setting {
  readonly server: Server;
  readonly engine: FakeEngine;
  readonly sink: MemorySink;
}

async function started(input: ConfigInput = {}, hooks: Hooks = {}): Promise<Setting> {
  const addon = new FakeAddon();
  const sink = new MemorySink();
  const server = createServer(configFromObject({ rtmp: { listen: 0 }, ...input }), {
    addon,
    log: sink,
    hooks,
  });
  servers.push(server);
  await server.start();
  return { server, engine: addon.engine, sink };
}

/** Lets decisions that wait for nothing but promises be made. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const LIVE = { __defaultVhost__: {} };

describe('publish over RTMP', () => {
  it('is admitted and gets the options of its vhost', async () => {
    const { server, engine, sink } = await started({
      vhosts: { __defaultVhost__: { tcpNodelay: true, hls: { enabled: true, windowMs: 20_000 } } },
    });
    const session = engine.open();
    engine.deliver([publishRequested(session, { vhost: 'unknown.example' })]);
    await settle();

    expect(engine.lastOf(session)).toMatchObject({
      name: 'accept',
      options: {
        stream: '/live/livestream',
        tcp_nodelay: true,
        first_packet_timeout_ms: 20_000,
        normal_timeout_ms: 5000,
        gop_cache: true,
        outputs: { hls: { window_ms: 20_000, m3u8_file: '[app]/[stream].m3u8' } },
      },
    });
    expect(server.streams.get('/live/livestream')?.sourceId).toBe('cid00001');
    expect(sink.with('[cid00001] client identified, type=fmle-publish, vhost=')).toHaveLength(1);
    expect(sink.with('[cid00001] start publish mr=0/350, p1stpt=20000, pnt=5000')).toHaveLength(1);
  });

  it('is refused for a name that is taken, until that publisher is gone', async () => {
    const { engine, sink } = await started();
    const [first, second] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(first), publishRequested(second)]);
    await settle();
    expect(engine.lastOf(first)?.name).toBe('accept');
    await vi.waitFor(() =>
      expect(engine.lastOf(second)).toMatchObject({
        name: 'reject',
        rejection: { code: 'STREAM_BUSY', http_status: 409 },
      }),
    );
    expect(sink.with('code=1028(StreamBusy)')).toHaveLength(1);

    const third = engine.open();
    engine.deliver([closed(first), publishRequested(third)]);
    await settle();
    expect(engine.lastOf(third)?.name).toBe('accept');
  });

  it('is admitted when the publisher before, of the same address, ends a moment later', async () => {
    const { engine } = await started();
    const [first, second, third] = [engine.open(), engine.open(), engine.open()];
    engine.deliver([publishRequested(first)]);
    await settle();
    engine.deliver([publishRequested(second), publishRequested(third)]);
    await settle();
    expect(engine.lastOf(second)).toBeUndefined();
    engine.deliver([closed(third), closed(first)]);
    await settle();
    expect(engine.lastOf(second)?.name).toBe('accept');
    expect(engine.lastOf(third)).toBeUndefined();
  });

  it('is refused at once for a name that another address has taken', async () => {
    const { engine } = await started();
    const [first, second] = [engine.open(), engine.open('192.0.2.7')];
    engine.deliver([publishRequested(first)]);
    await settle();
    engine.deliver([publishRequested(second)]);
    await settle();
    expect(engine.lastOf(second)?.name).toBe('reject');
  });

  it('is admitted when the end of the publisher before stands later in the same batch', async () => {
    const { engine } = await started();
    const [first, second] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(first)]);
    await settle();
    engine.deliver([publishRequested(second), closed(first)]);
    await settle();
    expect(engine.lastOf(second)?.name).toBe('accept');
  });

  it('may follow a publish of the same connection that stopped', async () => {
    const { engine } = await started();
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    engine.deliver([
      { type: 'publish_stopped', session, code: 'PEER_CLOSED' },
      publishRequested(session),
    ]);
    await settle();
    expect(engine.commands.filter(({ name }) => name === 'accept')).toHaveLength(2);
  });

  it.each([
    ['a vhost that is nowhere', { other: {} }, {}, 'VHOST_UNKNOWN'],
    ['a vhost that is off', { __defaultVhost__: { enabled: false } }, {}, 'VHOST_UNKNOWN'],
    ['a name that leaves its folder', LIVE, { stream: '../../x' }, 'NAME_INVALID'],
    ['an empty name', LIVE, { stream: '' }, 'STREAM_NAME_EMPTY'],
    [
      'security without rules',
      { __defaultVhost__: { security: { enabled: true } } },
      {},
      'SECURITY_NO_RULE',
    ],
    [
      'another page',
      { __defaultVhost__: { refer: { enabled: true, publish: ['a.example'] } } },
      { page_url: 'http://b.example/' },
      'REFERER_DENIED',
    ],
  ])('is refused for %s', async (_, vhosts, changes, code) => {
    const { engine } = await started({ vhosts });
    const session = engine.open();
    engine.deliver([publishRequested(session, changes)]);
    await settle();
    expect(engine.lastOf(session)).toMatchObject({ name: 'reject', rejection: { code } });
  });
});

describe('play', () => {
  it('waits for its publisher and keeps no stream alive by itself', async () => {
    const { server, engine } = await started();
    const session = engine.open();
    engine.deliver([playRequested(session)]);
    await settle();
    expect(engine.lastOf(session)).toMatchObject({
      name: 'accept',
      options: { stream: '/live/livestream', mw_latency_ms: 350, mw_msgs: 8, time_jitter: 'full' },
    });
    expect(server.streams.published).toBe(0);
    engine.deliver([closed(session)]);
    expect([...server.streams.states()]).toEqual([]);
  });

  it('over HTTP says how FLV announces its tracks', async () => {
    const { engine } = await started({
      vhosts: { __defaultVhost__: { httpRemux: { enabled: true, guessHasAv: false } } },
    });
    const session = engine.open('192.0.2.1', 'http_flv');
    engine.deliver([playRequested(session, { protocol: 'http_flv', format: 'flv' })]);
    await settle();
    expect(engine.lastOf(session)).toMatchObject({
      name: 'accept',
      options: { guess_has_av: false, has_audio: true, has_video: true, drop_if_not_match: true },
    });
  });

  it('over HTTP is judged by the address of the connection, and told by that of the client', async () => {
    const asked: string[] = [];
    const security = { enabled: true, deny: [{ action: 'play', from: '192.0.2.66' }] } as const;
    const { engine } = await started(
      { vhosts: { __defaultVhost__: { security } } },
      { onPlay: ({ ip }) => void asked.push(ip) },
    );
    const [honest, forged] = [engine.open('192.0.2.1', 'http'), engine.open('192.0.2.66', 'http')];
    engine.deliver([
      playRequested(honest, { protocol: 'http_flv', ip: '198.51.100.1' }),
      playRequested(forged, { protocol: 'http_flv', ip: '198.51.100.2' }),
    ]);
    await settle();
    expect(engine.lastOf(honest)?.name).toBe('accept');
    expect(engine.lastOf(forged)).toMatchObject({ rejection: { code: 'SECURITY_DENIED' } });
    expect(asked).toEqual(['198.51.100.1']);
  });

  it('logs which publisher it gets', async () => {
    const { engine, sink } = await started();
    const [publisher, player] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(publisher)]);
    await settle();
    engine.deliver([playRequested(player)]);
    await settle();
    expect(sink.with('[cid00002] start play smi=0ms')[0]).toContain('source_id=cid00001/');
  });
});

describe('hooks', () => {
  it('are asked in the order of SRS, with what the peer said', async () => {
    const asked: string[] = [];
    const { engine } = await started(
      {},
      {
        onConnect: ({ clientId, param }) => void asked.push(`connect ${clientId} ${param}`),
        onPublish: ({ streamUrl, param }) => void asked.push(`publish ${streamUrl} ${param}`),
      },
    );
    const session = engine.open();
    engine.deliver([publishRequested(session, { param: '?token=abc' })]);
    await settle();
    expect(asked).toEqual(['connect cid00001 ?token=abc', 'publish /live/livestream ?token=abc']);
    expect(engine.lastOf(session)?.name).toBe('accept');
  });

  it.each([
    ['throws', new Error('no'), 'ADMISSION_REFUSED'],
    ['throws a code', new ServerError('LIMIT_STREAMS'), 'LIMIT_STREAMS'],
  ])('refuse when one %s', async (_, thrown, code) => {
    const { engine } = await started({}, { onPublish: () => Promise.reject(thrown) });
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    expect(engine.lastOf(session)).toMatchObject({ name: 'reject', rejection: { code } });
  });

  it('are not waited for beyond the time limit, and hear of it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let signal: AbortSignal | undefined;
    const { engine } = await started(
      { millrace: { admissionTimeoutMs: 3000 } },
      {
        onPublish: (_, given) => {
          signal = given;
          return new Promise(() => {});
        },
      },
    );
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    vi.advanceTimersByTime(3000);
    await settle();
    expect(engine.lastOf(session)).toMatchObject({
      name: 'reject',
      rejection: { code: 'ADMISSION_TIMEOUT', http_status: 504 },
    });
    expect(signal?.aborted).toBe(true);
  });

  it('that answer after the peer has gone change nothing', async () => {
    let answer = (): void => {};
    const { server, engine } = await started(
      {},
      { onPublish: () => new Promise((resolve) => (answer = resolve)) },
    );
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    engine.deliver([closed(session)]);
    answer();
    await settle();
    expect(engine.commands).toEqual([]);
    expect(server.streams.published).toBe(0);
  });

  it('that fail late are no unhandled rejection', async () => {
    let fail = (_: Error): void => {};
    const { engine } = await started(
      {},
      { onPublish: () => new Promise((_, reject) => (fail = reject)) },
    );
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    engine.deliver([closed(session)]);
    await settle();
    fail(new Error('too late'));
    await settle();
    expect(engine.commands).toEqual([]);
  });

  it('may wait in a bounded number only', async () => {
    const { engine } = await started(
      { millrace: { maxPendingAdmissions: 1 } },
      { onPublish: () => new Promise(() => {}) },
    );
    const [first, second] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(first), publishRequested(second, { stream: 'other' })]);
    await settle();
    expect(engine.lastOf(first)).toBeUndefined();
    expect(engine.lastOf(second)).toMatchObject({ rejection: { code: 'QUEUE_FULL' } });
  });
});

describe('events', () => {
  it('tell who publishes and plays', async () => {
    const { server, engine } = await started();
    const told: string[] = [];
    server.on('publish', ({ streamUrl, clientId }) =>
      told.push(`publish ${streamUrl} ${clientId}`),
    );
    server.on('play', ({ clientId }) => told.push(`play ${clientId}`));
    server.on('unpublish', ({ clientId }) => told.push(`unpublish ${clientId}`));
    server.on('stop', ({ clientId }) => told.push(`stop ${clientId}`));
    const [publisher, player] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(publisher), playRequested(player)]);
    await settle();
    engine.deliver([closed(publisher), closed(player)]);
    expect(told).toEqual([
      'publish /live/livestream cid00001',
      'play cid00002',
      'unpublish cid00001',
      'stop cid00002',
    ]);
  });

  it('go on when a listener throws', async () => {
    const { server, engine, sink } = await started();
    server.on('publish', () => {
      throw new Error('a fault of the listener');
    });
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    expect(engine.lastOf(session)?.name).toBe('accept');
    expect(sink.with('a fault of the listener')).toHaveLength(1);
  });

  it('tell of tracks, in one line with the words of SRS', async () => {
    const { engine, sink } = await started();
    const session = engine.open();
    engine.deliver([
      {
        type: 'stream_tracks',
        session,
        stream: '/live/livestream',
        video: { codec: 'H264', width: 1280, height: 720, profile: 100, level: 31 },
        audio: { codec: 'AAC', sample_rate: 44_100, channels: 2, profile: 2 },
      },
    ]);
    const [line] = sink.with('got metadata, width=1280, height=720');
    expect(line).toContain('video sh, codec(7, profile=High, level=3.1, 1280x720)');
    expect(line).toContain('audio sh, codec(10, profile=LC');
  });
});

describe('kick', () => {
  it('ends the session of a client and frees its name', async () => {
    const { server, engine } = await started();
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    expect(server.kick('cid00001')).toBe(true);
    expect(engine.lastOf(session)).toMatchObject({ name: 'close', code: 'KICKED' });
    expect(server.streams.published).toBe(0);
    expect(server.kick('cid00001')).toBe(false);
  });
});

describe('log', () => {
  it('stays small when a peer floods', async () => {
    const { engine, sink } = await started();
    for (let count = 0; count < 5000; count += 1) {
      const session = engine.open('192.0.2.66');
      engine.deliver([closed(session, 'RTMP_HANDSHAKE_VERSION')]);
    }
    expect(sink.lines.length).toBeLessThan(300);
  });

  it('keeps names from forging lines', async () => {
    const { engine, sink } = await started();
    const session = engine.open();
    engine.deliver([publishRequested(session, { stream: 'x\n[forged]', param: '\r\n' })]);
    await settle();
    expect(sink.lines.every((line) => /^\[[^\n\r]*\n$/.test(line))).toBe(true);
  });
});

describe('start', () => {
  it('names directive, port and holder when a port is taken, and gives everything back', async () => {
    const holder = createHttpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as AddressInfo;
    const addon = new FakeAddon();
    const server = createServer(
      configFromObject({
        rtmp: { listen: 0 },
        httpApi: { enabled: true, listen: `127.0.0.1:${port}` },
      }),
      { addon, log: new MemorySink() },
    );
    await expect(server.start()).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringMatching(
        `port ${port} \\(http_api.listen 127.0.0.1:${port}\\) is taken by .* \\(pid ${process.pid}\\)`,
      ),
    });
    expect(addon.engine.stopped).toBe(true);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('passes the errors of the engine on', async () => {
    const addon = new FakeAddon((engine) => {
      engine.failListen = 'LISTEN_FAILED';
    });
    const server = createServer(configFromObject({ rtmp: { listen: 1935 } }), {
      addon,
      log: new MemorySink(),
    });
    await expect(server.start()).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: 'cannot open port 1935 (listen 1935): EADDRINUSE',
    });
  });

  it('may be closed meanwhile', async () => {
    const addon = new FakeAddon();
    const server = createServer(configFromObject({ rtmp: { listen: 0 } }), {
      addon,
      log: new MemorySink(),
    });
    const starting = server.start();
    await Promise.all([
      expect(starting).rejects.toMatchObject({ code: 'CANCELLED' }),
      server.close(),
    ]);
    expect(addon.engine.stopped).toBe(true);
    expect(addon.engine.listening).toEqual([]);
  });
});

describe('close', () => {
  it('ends everything, and may be called again', async () => {
    const { server, engine, sink } = await started();
    const session = engine.open();
    engine.deliver([publishRequested(session)]);
    await settle();
    await Promise.all([server.close(), server.close()]);
    expect(engine.stopped).toBe(true);
    expect(server.streams.published).toBe(0);
    expect(sink.closed).toBe(true);
  });

  const grace = { process: { graceStartWaitMs: 0, graceFinalWaitMs: 0 } };

  it('waits for clients when it is graceful, and takes no new ones', async () => {
    const { server, engine } = await started(grace);
    const session = engine.open();
    let done = false;
    const closing = server.close({ graceful: true }).then(() => {
      done = true;
    });
    await vi.waitFor(() => expect(engine.listening).toEqual([]));
    expect(done).toBe(false);
    engine.connections = 0;
    engine.deliver([closed(session)]);
    await closing;
    expect(engine.stopped).toBe(true);
  });

  it('waits no longer when it is asked to hurry', async () => {
    const { server, engine } = await started(grace);
    engine.open();
    const closing = server.close({ graceful: true });
    await vi.waitFor(() => expect(engine.listening).toEqual([]));
    await server.close();
    await closing;
    expect(engine.stopped).toBe(true);
  });

  it('waits no longer than graceful_quit_limit_ms', async () => {
    const { server, engine } = await started({
      ...grace,
      millrace: { gracefulQuitLimitMs: 50 },
    });
    engine.open();
    await server.close({ graceful: true });
    expect(engine.stopped).toBe(true);
  });

  it('lets decisions that are under way fall', async () => {
    const { server, engine } = await started({}, { onPublish: () => new Promise(() => {}) });
    engine.deliver([publishRequested(engine.open())]);
    await settle();
    await server.close();
    expect(engine.commands).toEqual([]);
  });
});

describe('reload', () => {
  const http = { httpServer: { enabled: true, listen: 0 } } satisfies ConfigInput;
  const config = (input: ConfigInput) => configFromObject({ rtmp: { listen: 0 }, ...input });

  it('is seen by new sessions and by the HTTP listeners', async () => {
    const { server, engine } = await started(http);
    await server.reload(
      config({
        ...http,
        log: { level: 'error' },
        vhosts: { __defaultVhost__: { chunkSize: 4096, hls: { enabled: true } } },
      }),
    );
    expect(server.log.level).toBe('error');
    expect(engine.http?.vhosts[0]).toMatchObject({ hls: { path: './objs/nginx/html' } });
    const session = engine.open();
    engine.deliver([playRequested(session)]);
    await settle();
    expect(engine.lastOf(session)).toMatchObject({ options: { chunk_size: 4096 } });
  });

  it('opens and closes ports without touching those that stay', async () => {
    const { server, engine } = await started(http);
    const [rtmp] = server.ports;
    const plan = server.planReload(config({ rtmp: { listen: [0, 1936] } }));
    expect(plan.opens.map(({ endpoint }) => endpoint.port)).toEqual([1936]);
    expect(plan.closes.map(({ purpose }) => purpose)).toEqual(['http']);
    expect(server.ports).toHaveLength(2);
    await server.reload(config({ rtmp: { listen: [0, 1936] } }));
    expect(server.ports[0]).toBe(rtmp);
    expect(engine.listening.map(({ port }) => port)).toEqual([0, 1936]);
  });

  it('tells how many sessions a change touches', async () => {
    const { server, engine } = await started();
    const [publisher, player] = [engine.open(), engine.open()];
    engine.deliver([publishRequested(publisher), playRequested(player)]);
    await settle();
    const vhosts = { __defaultVhost__: { chunkSize: 128 } };
    expect(server.planReload(config({ vhosts })).sessions).toEqual([
      { vhost: '__defaultVhost__', publishers: 1, players: 1 },
    ]);
    expect(server.planReload(config({ log: { level: 'warn' } })).sessions).toEqual([]);
  });

  it('is done one after another, and not any more once the server closes', async () => {
    const { server } = await started();
    const told: number[] = [];
    server.on('reload', ({ config: { process } }) => told.push(process.maxConnections));
    await Promise.all(
      [1, 2, 3].map((maxConnections) => server.reload(config({ process: { maxConnections } }))),
    );
    expect(told).toEqual([1, 2, 3]);
    expect(server.config.process.maxConnections).toBe(3);
    const late = server.reload(config({}));
    const closing = server.close();
    await expect(late).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await closing;
    await expect(server.reload(config({}))).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});

describe('several servers', () => {
  it('do not see each other', async () => {
    const [one, other] = [await started(), await started()];
    one.engine.deliver([publishRequested(one.engine.open())]);
    other.engine.deliver([publishRequested(other.engine.open())]);
    await settle();
    expect(one.server.streams.published).toBe(1);
    expect(other.server.streams.published).toBe(1);
    await one.server.close();
    expect(other.engine.stopped).toBe(false);
    expect(other.server.identity.serviceId).not.toBe(one.server.identity.serviceId);
  });
});
