import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { behaviours, CallbackServer } from '../support/callback-server.ts';
import { clip } from '../support/clips.ts';
import { isVideo } from '../support/flv.ts';
import { playlist } from '../support/hls-viewer.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { expectUntouched, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

const EVENTS = ['connect', 'close', 'publish', 'unpublish', 'play', 'stop', 'hls'];

let hooks: CallbackServer;
let bad: CallbackServer;
let server: MediaServer;
const peers = new Peers();
const scene = new RtmpScene(() => server);

const httpHooks = (callbacks: CallbackServer, more = '') => `http_hooks { enabled on; ${more}
  ${EVENTS.map((event) => `on_${event} ${callbacks.url()};`).join(' ')}
  on_hls_notify ${callbacks.url('/notify/[app]/[stream]/[ts_url][param]')}; }`;

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  [hooks, bad] = await Promise.all([CallbackServer.start(), CallbackServer.start()]);
  const hls = 'hls { enabled on; hls_fragment 1; hls_window 2; hls_path ./html; }';
  server = await MediaServer.start({
    vhost: httpHooks(hooks, 'secret s3cret;') + hls,
    root: `vhost bad.example { http_remux { enabled on; }
      ${httpHooks(bad, 'timeout 3; retries 1;')} ${hls} }`,
  });
}, 60_000);
beforeEach(() => {
  hooks.calls.length = 0;
  bad.calls.length = 0;
  hooks.answer = behaviours.allow;
});
afterEach(async () => {
  await Promise.all([scene.clear(), peers.clear()]);
});
afterAll(async () => {
  await server.stop();
  await Promise.all([hooks.close(), bad.close()]);
});

const segments = (count: number) => (list: { segments: readonly unknown[] }) =>
  list.segments.length >= count;
const three = { enough: (tags: readonly { type: number }[]) => tags.filter(isVideo).length >= 3 };

describe('a callback server is told', () => {
  it('of a publisher from FFmpeg, in order and in pairs', async () => {
    const publisher = peers.publish(clip('h264-bframes-aac.flv'), server.rtmp('live/ff?token=abc'));
    const { body } = await hooks.called('on_publish');
    expect(body).toMatchObject({
      app: 'live',
      stream: 'ff',
      param: '?token=abc',
      stream_url: '/live/ff',
      vhost: '__defaultVhost__',
      ip: '127.0.0.1',
    });
    await hooks.called('on_hls');
    await publisher.stop();
    await hooks.called('on_close');
    const lifecycle = hooks.calls.filter(({ action }) => !/^$|hls/.test(action));
    expect(lifecycle.map(({ action }) => action)).toEqual([
      'on_connect',
      'on_publish',
      'on_unpublish',
      'on_close',
    ]);
    expect(new Set(lifecycle.map((call) => call.body.client_id)).size).toBe(1);
    expect(hooks.of('on_close')[0]?.body.recv_bytes).toBeGreaterThan(10_000);
    expect(lifecycle[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  });

  it('of each segment of HLS, the last one before the end of its publisher', async () => {
    const publisher = await scene.publishing('seg?token=abc', { burstMs: 3600 });
    const list = await playlist(server.http('/live/seg.m3u8'), segments(3));
    await publisher.close();
    await hooks.called('on_unpublish');
    const told = hooks.calls.filter(({ action }) => /^on_(hls|unpublish)$/.test(action));
    expect(told.at(-1)?.action).toBe('on_unpublish');
    const news = hooks.of('on_hls').map(({ body }) => body);
    expect(news.map(({ seq_no }) => seq_no)).toEqual(news.map((_, at) => at));
    const first = new URL(list.segments[0]?.url ?? '');
    expect(news[list.segments[0]?.sequence ?? 0]).toMatchObject({
      client_id: hooks.of('on_publish')[0]?.body.client_id,
      param: '?token=abc',
      cwd: server.place.folder,
      url: first.pathname.slice(1),
      file: `./html${first.pathname}`,
      m3u8: './html/live/seg.m3u8',
      m3u8_url: 'live/seg.m3u8',
      stream_url: '/live/seg',
    });
    for (const { duration } of news) {
      expect(duration).toBeGreaterThan(0);
      expect(Math.round(Number(duration) * 100)).toBe(Number(duration) * 100);
    }
    expect(Object.keys(news[0] ?? {}).join(' ')).toBe(
      'server_id service_id action client_id ip vhost app tcUrl stream param duration cwd file url ' +
        'm3u8 m3u8_url seq_no stream_url stream_id',
    );
    const gets = hooks.calls.filter(({ method }) => method === 'GET');
    expect(gets.map(({ url }) => url)).toEqual(
      news.map((_, at) => `/notify/live/seg/seg-${at}.ts?token=abc`),
    );
  });

  it('of players over RTMP, HTTP-FLV and HLS', async () => {
    await scene.publishing('played', { burstMs: 2600 });
    const player = await scene.playing('played?by=rtmp');
    await player.takeMedia('video');
    await player.close();
    await viewFlv(server.http('/live/played.flv?by=flv'), three);
    await playlist(server.http('/live/played.m3u8?by=hls'), segments(2));
    // A viewer of HLS has gone when it asked for nothing during twice hls_window.
    const of = (action: string) =>
      hooks
        .of(action)
        .flatMap(({ body }) => (/\bplayed\b/.test(String(body.stream)) ? [body] : []));
    await hooks.until(() => of('on_stop').length === 3);
    expect(of('on_play').map(({ stream, param }) => `${stream} ${param}`)).toEqual([
      'played ?by=rtmp',
      'played ?by=flv',
      'played.m3u8 ?by=hls',
    ]);
    expect(of('on_play').map(({ tcUrl }) => tcUrl)).toEqual([
      `rtmp://127.0.0.1:${server.port('rtmp')}/live`,
      'rtmp://__defaultVhost__/live',
      'http://127.0.0.1/live',
    ]);
    const clients = (action: string) => of(action).map(({ client_id }) => client_id);
    expect(clients('on_stop')).toEqual(clients('on_play'));
    expect(hooks.of('on_close').map(({ body }) => body.client_id)).toContain(clients('on_play')[0]);
  });
});

describe('a callback server that refuses', () => {
  it('is obeyed, and the client told so in its own protocol', async () => {
    hooks.answer = ({ action }, response) =>
      response.end(/on_(publish|play)/.test(action) ? '{"code":403}' : '0');
    const publisher = await scene.connected();
    await publisher.call('createStream', null);
    publisher.command('publish', 3, null, 'no', 'live');
    const told = await publisher.status('NetStream.Publish.Rejected');
    expect(JSON.stringify(told)).toContain('a callback server refused with its code');
    await publisher.end();

    const player = await scene.connected();
    await player.call('createStream', null);
    player.command('play', 0, null, 'no');
    await player.status('NetStream.Play.Failed');
    await player.end();

    const answer = await fetch(server.http('/live/no.flv'));
    expect([answer.status, await answer.text()]).toEqual([403, 'Forbidden\n']);

    const ffmpeg = peers.publish(clip('h264-bframes-aac.flv'), server.rtmp('live/no'));
    const { status, stderr } = await ffmpeg.done;
    expect(status).not.toBe(0);
    expect(stderr).toContain('a callback server refused with its code');
  });
});

describe('viewers notice nothing while the callback server of another vhost', () => {
  it.each([
    ['hang', 504],
    ['hangInBody', 504],
    ['reset', 502],
    ['resetInBody', 502],
    ['redirect', 502],
    ['endless', 502],
    ['fail', 502],
    ['answerMarkup', 502],
  ] as const)('does %s', async (behaviour, status) => {
    bad.answer = behaviours[behaviour];
    const name = `steady-${behaviour}`;
    await scene.publishing(name, { burstMs: 1000 });
    const player = peers.watch(server.rtmp(`live/${name}`), 4);
    const viewer = peers.watch(server.http(`/live/${name}.flv`), 4);
    await Promise.all([player.begun, viewer.begun, hooks.called('on_play', 2)]);

    const refused = Array.from({ length: 20 }, async (_, at) => {
      const answer = await fetch(server.http(`/live/x${at}.flv?vhost=bad.example`));
      await answer.text();
      return answer.status;
    });
    const publisher = await scene.connected();
    await publisher.call('createStream', null);
    publisher.command('publish', 3, null, 'x?vhost=bad.example', 'live');
    // Others are let in while these wait.
    await (await scene.playing(`${name}?later`)).takeMedia('video');
    await publisher.status('NetStream.Publish.Rejected');
    expect(new Set(await Promise.all(refused))).toEqual(new Set([status]));

    const sent = packetsOf(clip('h264-bframes-aac.flv'));
    for (const peer of [player, viewer]) {
      expectUntouched(watched(await peer.output()), sent, { video: 75, audio: 120 });
    }
  });
});
