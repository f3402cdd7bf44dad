import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isSequenceHeader, isVideo, type Tag } from '../support/flv.ts';
import { viewFlv } from '../support/http-flv.ts';
import { freePort } from '../support/launched-server.ts';
import { MediaServer, type MediaServerOptions } from '../support/media-server.ts';
import { RtmpPeer } from '../support/rtmp/rtmp-peer.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

afterEach(async () => {
  await scene.clear();
  await server.stop();
});

const merged: MediaServerOptions = { vhost: 'play { mw_latency 50; }' };

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}

describe('reload under load', () => {
  it('100 times, with ports and vhosts that come and go: nobody misses a frame', async () => {
    server = await MediaServer.start(merged);
    const [http, rtmp] = [server.port('http'), server.port('rtmp')];
    const player = await scene.playing('loaded');
    const frames = (tags: readonly Tag[]) =>
      tags.filter((tag) => isVideo(tag) && !isSequenceHeader(tag));
    let done = false;
    let seen = 0;
    const view = viewFlv(server.http('/live/loaded.flv'), {
      limitMs: 100_000,
      enough: (tags) => {
        seen = tags.length;
        return done && frames(tags).length >= 400;
      },
    });
    await server.viewed('loaded');
    const publisher = await scene.publishing('loaded', { clip: 'h264-aac.flv' });
    await server.tracks();
    await expect.poll(() => seen, { timeout: 20_000 }).toBeGreaterThan(0);

    const variants: readonly MediaServerOptions[] = [
      { ...merged, rtmp: ['127.0.0.1:0'] },
      { ...merged, root: 'vhost other { } max_connections 500;' },
      { vhost: 'play { mw_latency 200; gop_cache off; } hls { enabled on; }' },
      { ...merged, rtmp: ['127.0.0.1:0', '[::1]:0'], root: 'nonsense on;' },
      merged,
    ];
    for (let count = 0; count < 100; count += 1) {
      const log = await server.reload(variants[count % variants.length] ?? merged);
      expect(log).toMatch(count % 5 === 3 ? /failed, nothing has changed/ : /done/);
    }
    done = true;
    const { tags } = await view;
    const sent = frames(publisher.tags).map(({ body }) => body.toString('hex'));
    const flv = frames(tags).map(({ body }) => body.toString('hex'));
    expect(flv).toEqual(sent.slice(0, flv.length));
    await player.received((inbox) => inbox.filter(isVideo).length > 400, '400 frames');
    const received = player.inbox
      .filter(isVideo)
      .map(({ type, timestamp, payload }) => ({ type, timestamp, body: payload }));
    const played = frames(received).map(({ body }) => body.toString('hex'));
    expect(played).toEqual(sent.slice(0, played.length));
    expect(await isOpen(http)).toBe(true);
    expect(await isOpen(rtmp)).toBe(true);
  }, 120_000);
});

describe('ports', () => {
  it('open and close; sessions of a port that closes go on', async () => {
    server = await MediaServer.start(merged);
    const extra = await freePort();
    const log = await server.reload({ ...merged, rtmp: [`127.0.0.1:${extra}`] });
    expect(log).toContain(`open rtmp 127.0.0.1:${extra}`);
    expect(log).toMatch(/rtmp\.listen: 127\.0\.0\.1:0 -> 127\.0\.0\.1:0 127\.0\.0\.1:\d+, at once/);
    const player = await RtmpPeer.connect(extra);
    await player.play('stays');
    const publisher = await RtmpPeer.connect(server.port('rtmp'));

    expect(await server.reload({ ...merged, noHttp: true })).toMatch(/close rtmp 127.0.0.1:\d+/);
    expect(await isOpen(extra)).toBe(false);
    expect(await isOpen(server.port('http'))).toBe(false);
    await publisher.publish('stays');
    publisher.sendMetadata({ title: 'still here' });
    await player.take(({ type }) => type === 18, 'metadata');

    const back = await server.reload({ ...merged, rtmp: [`127.0.0.1:${extra}`] });
    expect(back).toContain(`open rtmp 127.0.0.1:${extra}`);
    expect(await isOpen(extra)).toBe(true);
    await player.close();
    await publisher.close();
  });

  it('of another address replace those of the same number, and stay when they cannot', async () => {
    const [port, taken] = [await freePort(), await freePort()];
    server = await MediaServer.start({ ...merged, rtmp: [`127.0.0.1:${port}`] });
    const other = await MediaServer.start({ ...merged, rtmp: [`127.0.0.1:${taken}`] });
    try {
      const failed = await server.reload({
        vhost: 'play { mw_latency 77; }',
        rtmp: [`0.0.0.0:${port}`, `0.0.0.0:${taken}`],
      });
      expect(failed).toMatch(new RegExp(`failed, nothing has changed: .*port ${taken} .*is taken`));
      expect(await isOpen(port)).toBe(true);
      // What was not taken over is still to come.
      const done = await server.reload({
        vhost: 'play { mw_latency 77; }',
        rtmp: [`0.0.0.0:${port}`],
      });
      expect(done).toMatch(/vhost\.play\.mw_latency of __defaultVhost__: 50 -> 77/);
      expect(done).toContain(`close rtmp 127.0.0.1:${port}`);
      expect(done).toContain(`open rtmp ${port}`);
      expect(await isOpen(port)).toBe(true);
    } finally {
      await other.stop();
    }
  });
});

describe('a file that changes', () => {
  it('is taken over without a signal where inotify_auto_reload is on', async () => {
    const options = { root: 'inotify_auto_reload on; include more.conf;' };
    // The include is read from where the server is started.
    server = await MediaServer.start({ ...options, files: { 'more.conf': '' } });
    const from = server.log.length;
    server.place.write('more.conf', 'max_connections 77;');
    await server.line(/max_connections: 1000 -> 77, at once/, from);
    await server.line(/reload \w+ done/, from);
  });
});
