import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { playlist } from '../support/hls-viewer.ts';
import { freePort, Playground } from '../support/launched-server.ts';
import { MediaServer } from '../support/media-server.ts';
import { Peers } from '../support/peers.ts';

/** Longest wait for something that is to be seen in the API. */
const LIMIT_MS = 20_000;

interface Client {
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly name: string;
  readonly tcUrl: string;
  readonly url: string;
  readonly publish: boolean;
  readonly ip: string;
  readonly alive: number;
  readonly send_bytes: number;
  readonly recv_bytes: number;
  readonly kbps: { readonly recv_30s: number; readonly send_30s: number };
}

interface Stream extends Client {
  readonly clients: number;
  readonly frames: number;
  readonly publish: never;
}

const peers = new Peers();

beforeAll(() => {
  clip('h264-aac.flv');
}, 60_000);
afterAll(() => peers.clear());

async function json(url: string, init?: RequestInit) {
  const answer = await fetch(url, init);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, never>;
}

/** Asks again until the answer is as expected, which the engine's next report may bring. */
async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) {
      return answer;
    }
    if (Date.now() > deadline) {
      throw new Error(`not so within ${LIMIT_MS} ms: ${JSON.stringify(answer)}`);
    }
    await delay(100);
  }
}

describe('with a publisher and players of each protocol', () => {
  let server: MediaServer;
  const clients = async (): Promise<readonly Client[]> =>
    (await json(server.api('/api/v1/clients/'))).clients ?? [];
  const streams = async (): Promise<readonly Stream[]> =>
    (await json(server.api('/api/v1/streams/'))).streams ?? [];

  beforeAll(async () => {
    server = await MediaServer.start({
      vhost: 'hls { enabled on; hls_fragment 1; hls_path ./html; }',
      root: 'exporter { enabled on; listen 127.0.0.1:0; }',
    });
  });
  afterAll(() => server.stop());

  it('lists them, with their bytes and bitrates, until they go or are made to', async () => {
    const publisher = peers.publish(clip('h264-aac.flv'), server.rtmp('live/api'));
    await server.published('/live/api');
    const rtmp = peers.watch(server.rtmp('live/api'), 60);
    const flv = peers.watch(server.http('/live/api.flv'), 60);
    const { segments } = await playlist(server.http('/live/api.m3u8'));
    await (await fetch(segments[0]?.url ?? '')).arrayBuffer();

    const listed = await until(
      clients,
      (all) => all.length === 4 && all.every(({ kbps }) => kbps.recv_30s + kbps.send_30s > 0),
    );
    expect(listed.map(({ type, name, publish }) => [type, name, publish]).sort()).toEqual([
      ['flv-play', 'api.flv', false],
      ['fmle-publish', 'api', true],
      ['hls-play', 'api.m3u8', false],
      ['rtmp-play', 'api', false],
    ]);
    const find = (type: string) => listed.find((client) => client.type === type);
    const base = `127.0.0.1:${server.port('http')}`;
    expect(find('flv-play')?.tcUrl).toBe(`http://${base}/live`);
    expect(find('hls-play')?.tcUrl).toMatch(/^http:\/\/127\.0\.0\.1.*\/live$/);
    expect(find('fmle-publish')?.tcUrl).toBe(`rtmp://127.0.0.1:${server.port('rtmp')}/live`);
    expect(listed.every(({ url, ip }) => url === '/live/api' && ip === '127.0.0.1')).toBe(true);

    const [stream] = await until(streams, ([first]) => (first?.frames ?? 0) > 0);
    expect(stream).toMatchObject({
      name: 'api',
      app: 'live',
      url: '/live/api',
      clients: 4,
      publish: { active: true, cid: find('fmle-publish')?.id },
      video: { codec: 'H264' },
      audio: { codec: 'AAC', channel: 2 },
    });
    expect(stream?.recv_bytes).toBeGreaterThanOrEqual(find('fmle-publish')?.recv_bytes ?? 0);
    const { vhosts } = await json(server.api('/api/v1/vhosts/'));
    expect(vhosts).toMatchObject([
      { name: '__defaultVhost__', clients: 4, streams: 1, hls: { enabled: true, fragment: 1 } },
    ]);

    for (const [player, type] of [
      [rtmp, 'rtmp-play'],
      [flv, 'flv-play'],
    ] as const) {
      const url = server.api(`/api/v1/clients/${find(type)?.id}`);
      expect(await json(url, { method: 'DELETE' })).toMatchObject({ code: 0 });
      await player.done;
      await until(clients, (all) => all.every((client) => client.type !== type));
      expect(await json(url)).toMatchObject({ code: 2049 });
    }
    expect(publisher.running).toBe(true);
    const id = find('fmle-publish')?.id;
    // Another method is for scripts only, which have a callback.
    expect(await json(server.api(`/api/v1/clients/${id}?method=DELETE`))).toHaveProperty('client');
    expect(publisher.running).toBe(true);
    const script = await fetch(server.api(`/api/v1/clients/${id}?callback=f&method=DELETE`));
    expect(await script.text()).toMatch(/^f\(\{"code":0,.*\}\)$/);
    await publisher.done;
    await until(streams, (all) =>
      all.every(({ publish }) => !(publish as { active: boolean }).active),
    );
  }, 60_000);

  it('has it all in the metrics, on a port of their own too', async () => {
    const publisher = peers.publish(clip('h264-aac.flv'), server.rtmp('live/metrics'));
    await server.published('/live/metrics');
    const [, port] = await server.line(/exporter listen at tcp:\/\/\S+:(\d+)/);
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const label = '{vhost="__defaultVhost__",app="live",stream="metrics"}';
    const text = await until(metrics, (all) =>
      new RegExp(`^millrace_stream_video_frames_total\\${label} [1-9]`, 'm').test(all),
    );
    expect(text).toMatch(/^srs_receive_bytes_total [1-9]/m);
    expect(text).toMatch(/^srs_send_bytes_total [1-9]/m);
    expect(text).toMatch(/^millrace_clients\{protocol="rtmp",action="publish"\} 1$/m);
    expect(text).toMatch(/^millrace_clients_total\{protocol="hls",action="play"\} 1$/m);
    expect(text).toMatch(/^millrace_loop_turn_seconds_count\{loop="0"\} [1-9]/m);
    const types = await fetch(server.api('/metrics'));
    expect(types.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await types.text()).toContain('# TYPE srs_clients gauge');
    await publisher.stop();
  }, 60_000);

  it('knows the machine', async () => {
    const { data } = await json(server.api('/api/v1/summaries'));
    expect(data).toMatchObject({ ok: true, self: { pid: server.pid }, system: {} });
    expect((await json(server.api('/api/v1/self_proc_stats'))).data).toMatchObject({
      pid: server.pid,
      ok: true,
    });
  });
});

describe('who may use it', () => {
  it('is asked for a password over HTTP and HTTPS', async () => {
    const key = 'key ./server.key; cert ./server.crt;';
    const server = await MediaServer.start({
      tls: true,
      api: `auth { enabled on; username u; password p; tokens t1 t2; }
        https { enabled on; listen 127.0.0.1:0; ${key} }`,
    });
    const [, port] = await server.line(/apis listen at tcp:\/\/\S+:(\d+)/);
    const urls = [`http://127.0.0.1:${server.port('api')}`, `https://127.0.0.1:${port}`];
    const refused = await fetch(`${urls[0]}/api/v1/versions`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Basic, Bearer');
    expect(await refused.text()).toBe('');
    for (const authorization of ['Bearer t2', `Basic ${btoa('u:p')}`]) {
      const answer = await fetch(`${urls[0]}/api/v1/versions`, { headers: { authorization } });
      expect(answer.status).toBe(200);
      const options = { rejectUnauthorized: false, agent: false, headers: { authorization } };
      const ask = request(`${urls[1]}/api/v1/versions`, options).end();
      const [secure] = (await once(ask, 'response')) as [IncomingMessage];
      expect(secure.statusCode).toBe(200);
      secure.resume();
    }
    expect(server.log).not.toMatch(/asks nobody for a password/);
    await server.stop();
  });

  it('is warned of at the start when it is everybody', async () => {
    const server = await MediaServer.startWithEnvironment({ SRS_HTTP_API_LISTEN: '0' });
    await server.line(/WARN.*the HTTP API .* asks nobody for a password/);
    await server.stop();
  });
});

describe('on the port of the HTTP server', () => {
  it('is the same API', async () => {
    const place = new Playground();
    const port = await freePort();
    const process = place.launch(
      '-c',
      place.write(
        'test.conf',
        `daemon off; srs_log_tank console; listen 127.0.0.1:0;
        http_api { enabled on; listen 127.0.0.1:${port}; }
        http_server { enabled on; listen 127.0.0.1:${port}; dir ./html; }
        vhost __defaultVhost__ { http_remux { enabled on; } }`,
      ),
    );
    place.write('html/index.html', 'hello');
    try {
      const [, rtmp] = await process.line(/rtmp listen at tcp:\/\/\S+:(\d+)/);
      await process.line(/http listen at/);
      const base = `http://127.0.0.1:${port}`;
      expect(await (await fetch(`${base}/`)).text()).toBe('hello');
      expect((await fetch(`${base}/nothing.m3u8`)).status).toBe(404);
      const publisher = peers.publish(clip('h264-aac.flv'), `rtmp://127.0.0.1:${rtmp}/live/a`);
      await process.line(/start publish/);
      const viewer = peers.watch(`${base}/live/a.flv`, 60);
      const { clients } = await until(
        () => json(`${base}/api/v1/clients/?count=2`),
        (answer) => (answer.clients as unknown as readonly Client[]).length === 2,
      );
      const [player] = (clients as unknown as readonly Client[]).filter(({ publish }) => !publish);
      const ended = await json(`${base}/api/v1/clients/${player?.id}`, { method: 'DELETE' });
      expect(ended).toMatchObject({ code: 0 });
      await viewer.done;
      await publisher.stop();
    } finally {
      await place.clear();
    }
  });
});

describe('a reload over HTTP', () => {
  it('reads the file anew, and says what is wrong with it', async () => {
    const server = await MediaServer.start({ api: 'raw_api { enabled on; allow_reload on; }' });
    const fetched = async () =>
      (await json(server.api('/api/v1/raw?rpc=reload-fetch'))).data as unknown as {
        readonly err: number;
        readonly msg: string;
        readonly rid: string;
        readonly state: number;
      };
    expect(await json(server.api('/api/v1/raw?rpc=reload'))).toEqual({ code: 0 });
    const first = await until(fetched, ({ state }) => state === 90);
    expect(first).toMatchObject({ err: 0, msg: 'Success' });
    await server.line(/reload \w+ done/);
    server.place.write('test.conf', 'listen 1935; nonsense on;');
    expect(await json(server.api('/api/v1/raw?rpc=reload'))).toEqual({ code: 0 });
    const second = await until(fetched, ({ err }) => err !== 0);
    expect(second).toMatchObject({ err: 1023, msg: expect.stringContaining('nonsense') });
    expect(second.rid).not.toBe(first.rid);
    await server.stop();
  });
});
