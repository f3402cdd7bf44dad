import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isKeyFrame, isSequenceHeader, isVideo } from '../support/flv.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { type Message, MessageType } from '../support/rtmp/chunks.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

/** Media time that publishers are ahead with: two groups of pictures and a half. */
const BURST_MS = 2500;

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start({
    root: `
      vhost uncached { http_remux { enabled on; } play { gop_cache off; } }
      vhost quick { min_latency on; tcp_nodelay on; http_remux { enabled on; } }
      vhost merged { http_remux { enabled on; } play { mw_latency 1000; mw_msgs 128; } }
    `,
  });
});
afterEach(() => scene.clear());
afterAll(() => server.stop());

const asTag = ({ type, timestamp, payload }: Message) => ({ type, timestamp, body: payload });
const isMedia = ({ type }: Message) => type === MessageType.audio || type === MessageType.video;

/** What comes to a player of a publisher that is connected and silent. */
async function sentBeforeSilence(name: string) {
  const publisher = await scene.publishing(name, { burstMs: BURST_MS });
  await server.tracks();
  await publisher.halt();
  return publisher.tags.slice(0, publisher.sent);
}

describe('a late player', () => {
  it('gets the last group of pictures at once over RTMP, although nothing more is sent', async () => {
    const sent = await sentBeforeSilence('late-rtmp');
    const gop = sent.slice(sent.findLastIndex(isKeyFrame));
    const player = await scene.playing('late-rtmp');
    const gopVideos = gop.filter(isVideo).length;
    await player.received(
      (inbox) => inbox.filter(isVideo).length >= gopVideos + 1,
      'all of the last group of pictures',
    );
    const media = player.inbox.filter(isMedia).map(asTag);
    const frames = media.filter((tag) => !isSequenceHeader(tag));
    expect(media.slice(0, 2).every(isSequenceHeader)).toBe(true);
    expect(isKeyFrame(frames.filter(isVideo)[0] ?? gop[0] ?? asTag(player.inbox[0] as never))).toBe(
      true,
    );
    const bodies = (tags: typeof gop) =>
      tags.filter(isVideo).map(({ body }) => body.toString('hex'));
    expect(bodies(frames)).toEqual(bodies(gop));
  });

  it('gets the last group of pictures at once over HTTP-FLV', async () => {
    const sent = await sentBeforeSilence('late-flv');
    const gop = sent.slice(sent.findLastIndex(isKeyFrame)).filter(isVideo);
    const view = await viewFlv(server.http('/live/late-flv.flv'), {
      enough: (tags) => tags.filter(isVideo).length >= gop.length + 1,
    });
    const videos = view.tags.filter(isVideo).filter((tag) => !isSequenceHeader(tag));
    expect(videos.map(({ body }) => body.toString('hex'))).toEqual(
      gop.map(({ body }) => body.toString('hex')),
    );
  });

  it('waits for the next frames where gop_cache is off', async () => {
    const publisher = await scene.publishing('late?vhost=uncached', { burstMs: BURST_MS });
    await server.tracks();
    const view = await viewFlv(server.http('/live/late.flv?vhost=uncached'), {
      enough: (tags) => tags.filter(isVideo).length >= 30,
    });
    const frames = view.tags.filter(isVideo).filter((tag) => !isSequenceHeader(tag));
    const bodies = publisher.tags.map(({ body }) => body.toString('hex'));
    const first = bodies.indexOf(frames[0]?.body.toString('hex') ?? '');
    // Not before the burst: that was over when the player came.
    expect(publisher.tags[first]?.timestamp).toBeGreaterThanOrEqual(BURST_MS - 100);
    expect(view.tags.slice(0, 3).some(isSequenceHeader)).toBe(true);
  });
});

describe('a player that came first', () => {
  it.each(['quick', 'merged', '__defaultVhost__'])(
    'gets every frame from the first one in vhost %s',
    async (vhost) => {
      const [name, url] = [`first?vhost=${vhost}`, `/live/first.flv?vhost=${vhost}`];
      const rtmp = await scene.playing(name);
      const flv = viewFlv(server.http(url), {
        enough: (tags) => tags.filter(isVideo).length >= 40,
      });
      const path = vhost === '__defaultVhost__' ? '/live/first' : `${vhost}/live/first`;
      await server.played(path);
      await server.viewed('first');
      const publisher = await scene.publishing(name);
      const bodies = (tags: readonly { body: Buffer }[]) =>
        tags.slice(0, 40).map(({ body }) => body.toString('hex'));
      const sent = bodies(publisher.tags.filter(isVideo));
      expect(bodies((await flv).tags.filter(isVideo))).toEqual(sent);
      await rtmp.received((inbox) => inbox.filter(isVideo).length >= 40, '40 video messages');
      expect(bodies(rtmp.inbox.map(asTag).filter(isVideo))).toEqual(sent);
    },
  );
});
