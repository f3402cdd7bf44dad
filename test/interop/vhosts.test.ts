import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isVideo, TagType } from '../support/flv.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start({
    root: `
      vhost a.example { http_remux { enabled on; } }
      vhost b.example { http_remux { enabled on; } }
      vhost off.example { enabled off; }
    `,
  });
});
afterEach(() => scene.clear());
afterAll(() => server.stop());

const three = { enough: (tags: readonly { type: number }[]) => tags.filter(isVideo).length >= 3 };
const tcUrl = (host: string) => `rtmp://${host}:${server.port('rtmp')}/live`;

describe('the same name in two vhosts is two streams', () => {
  it('told apart by the query, the host of tcUrl and the Host header', async () => {
    await scene.publishing('same?vhost=a.example', { clip: 'h264.flv', burstMs: 1000 });
    await scene.publishing('same', { tcUrl: tcUrl('b.example'), clip: 'aac.flv', burstMs: 1000 });

    const ofA = await viewFlv(server.http('/live/same.flv?vhost=a.example'), three);
    const ofB = await viewFlv(server.http('/live/same.flv'), {
      headers: { Host: 'b.example' },
      enough: (tags) => tags.length >= 10,
    });
    expect(ofA.tags.every(({ type }) => type !== TagType.audio)).toBe(true);
    expect(ofB.tags.every(({ type }) => type !== TagType.video)).toBe(true);

    const playerOfA = await scene.playing('same', { tcUrl: tcUrl('a.example') });
    await playerOfA.takeMedia('video');
    const playerOfB = await scene.playing('same?vhost=b.example');
    await playerOfB.takeMedia('audio');
    expect(playerOfB.inbox.some(isVideo)).toBe(false);
  });

  it('with the vhost in the application, as Flash encoders write it', async () => {
    await scene.publishing('inapp', { app: 'live?vhost=a.example', burstMs: 500 });
    await server.published('a.example/live/inapp');
    await scene.publishing('dots', { app: 'live...vhost...b.example', burstMs: 500 });
    await server.published('b.example/live/dots');
  });
});

describe('a vhost', () => {
  it('that nobody configured is the default one', async () => {
    await scene.publishing('default?vhost=nobody.example', { burstMs: 1000 });
    await server.published('/live/default');
    const view = await viewFlv(server.http('/live/default.flv'), three);
    expect(view.tags.filter(isVideo).length).toBeGreaterThanOrEqual(3);
  });

  it('that is off refuses', async () => {
    const peer = await scene.connected();
    await peer.call('createStream', null);
    peer.command('publish', 3, null, 'refused?vhost=off.example', 'live');
    await peer.end();
  });
});

describe('a name of RTMP', () => {
  it.each([
    ['live/_definst_', 'definst', '/live/definst'],
    ['live', 'spaced ', '/live/spaced'],
    ['deep/er/app', 'below', '/deep/er/app/below'],
    ['live?token=1/instream', '', '/live/instream'],
  ])('in application %s, stream "%s" is %s', async (app, name, url) => {
    await scene.publishing(name, { app, burstMs: 100 });
    await server.published(url);
  });

  it('is refused when it is empty', async () => {
    const peer = await scene.connected();
    await peer.call('createStream', null);
    peer.command('publish', 3, null, '', 'live');
    await peer.end();
  });
});
