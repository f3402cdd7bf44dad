import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { isAudio, isVideo, readFlv } from '../support/flv.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { type Message, MessageType, writeChunks } from '../support/rtmp/chunks.ts';
import { sendTag } from '../support/rtmp/clip-publisher.ts';
import type { RtmpPeer } from '../support/rtmp/rtmp-peer.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start({
    root: `
      vhost small { chunk_size 128; http_remux { enabled on; } }
      vhost absolute { http_remux { enabled on; } play { atc on; } }
      vhost untouched { http_remux { enabled on; } play { time_jitter off; } }
      vhost zero { http_remux { enabled on; } play { time_jitter zero; } }
    `,
  });
});
afterEach(() => scene.clear());
afterAll(() => server.stop());

const isMedia = (message: { readonly type: number }) => isVideo(message) || isAudio(message);

/** Resolves when `count` more messages that fit have come; what was there before is forgotten. */
async function next(player: RtmpPeer, fits: (message: Message) => boolean, count: number) {
  player.inbox.length = 0;
  await player.received((inbox) => inbox.filter(fits).length >= count, `${count} more messages`);
}

/** StreamBegin is 0, StreamEOF 1: RTMP 1.0 §7.1.7. */
const userControl = (event: number) => (message: Message) =>
  message.type === MessageType.userControl && message.payload.readUInt16BE(0) === event;

describe('a player may', () => {
  it('pause and go on', async () => {
    await scene.publishing('pause', { burstMs: 1000 });
    const player = await scene.playing('pause');
    await next(player, isVideo, 5);
    player.command('pause', 0, null, true, 0);
    await player.status('NetStream.Pause.Notify');
    await player.take(userControl(1), 'StreamEOF');
    player.inbox.length = 0;
    // A whole second of the stream passes while another player plays.
    await next(await scene.playing('pause'), isVideo, 50);
    expect(player.inbox.filter(isMedia)).toEqual([]);

    player.command('pause', 0, null, false, 0);
    await player.status('NetStream.Unpause.Notify');
    await player.take(userControl(0), 'StreamBegin');
    await next(player, isVideo, 5);
  });

  it.each([
    ['receiveAudio', isAudio, isVideo],
    ['receiveVideo', isVideo, isAudio],
  ])('turn one kind off with %s and on again', async (command, refused, other) => {
    await scene.publishing(command, { burstMs: 1000 });
    const player = await scene.playing(command);
    await next(player, refused, 5);
    player.command(command, 0, null, false);
    // What was on its way when the command came may still arrive.
    await next(player, other, 20);
    await next(player, other, 20);
    expect(player.inbox.filter(refused)).toEqual([]);
    player.command(command, 0, null, true);
    await next(player, refused, 5);
  });

  it('close the stream and play another on the same connection', async () => {
    await scene.publishing('one', { burstMs: 1000 });
    await scene.publishing('two', { burstMs: 1000 });
    const player = await scene.playing('one');
    await next(player, isVideo, 5);
    player.command('closeStream', 0, null);
    await player.play('two');
    await next(player, isVideo, 5);
    expect(player.ended).toBe(false);
  });
});

describe('chunks', () => {
  it('to players are as long as chunk_size says', async () => {
    await scene.publishing('small?vhost=small', { burstMs: 1000 });
    const player = await scene.playing('small', {
      tcUrl: `rtmp://small:${server.port('rtmp')}/live`,
    });
    await next(player, isVideo, 10);
    expect(player.reader.longestChunk).toBe(128);
  });

  it.each([1, 128, 5000, 65_536])('of %i bytes are taken from publishers', async (size) => {
    const name = `chunk-${size}`;
    const publisher = await scene.connected();
    await publisher.publish(name);
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(size);
    publisher.send(2, { type: MessageType.setChunkSize, timestamp: 0, streamId: 0, payload });
    const player = await scene.playing(name);
    const tags = readFlv(clip('h264-bframes-aac.flv')).filter(isMedia).slice(0, 40);
    for (const { type, timestamp, body } of tags) {
      const message = { type, timestamp, streamId: 1, payload: body };
      publisher.sendBytes(writeChunks(4, message, size));
    }
    const videos = tags.filter(isVideo).map(({ body }) => body.toString('hex'));
    await player.received((inbox) => inbox.filter(isVideo).length >= videos.length, 'all of it');
    expect(player.inbox.filter(isVideo).map((m) => m.payload.toString('hex'))).toEqual(videos);
  });
});

describe('timestamps', () => {
  /** An encoder that has been running for days. */
  const START_MS = 3_000_000_000;
  const late = readFlv(clip('h264-bframes-aac.flv'))
    .filter(isMedia)
    .map((tag) => ({ ...tag, timestamp: tag.timestamp + START_MS }));

  async function timesIn(vhost: string) {
    const from = server.log.length;
    const publisher = await scene.connected();
    const player = await scene.playing(`times?vhost=${vhost}`);
    const flv = viewFlv(server.http(`/live/times.flv?vhost=${vhost}`), {
      enough: (tags) => tags.filter(isVideo).length >= 30,
    });
    await server.viewed('times', from);
    await publisher.publish(`times?vhost=${vhost}`);
    for (const tag of late.slice(0, 120)) {
      sendTag(publisher, tag);
    }
    await player.received((inbox) => inbox.filter(isVideo).length >= 30, '30 video messages');
    const { tags } = await flv;
    await publisher.close();
    return { rtmp: player.inbox.filter(isVideo), flv: tags.filter(isVideo) };
  }

  it.each(['absolute', 'untouched'])('are those of the publisher in vhost %s', async (vhost) => {
    const sent = late.filter(isVideo).map(({ timestamp }) => timestamp);
    const { rtmp, flv } = await timesIn(vhost);
    for (const times of [rtmp, flv]) {
      const got = times.map(({ timestamp }) => timestamp).slice(2, 30);
      expect(got).toEqual(sent.slice(2, 30));
    }
  });

  it.each(['__defaultVhost__', 'zero'])('begin near zero in vhost %s', async (vhost) => {
    const { rtmp, flv } = await timesIn(vhost);
    for (const times of [rtmp, flv]) {
      expect(times[1]?.timestamp).toBeLessThan(1000);
      expect(times[29]?.timestamp).toBeLessThan(3000);
    }
  });

  it('of 32 bits that wrap go on', async () => {
    const publisher = await scene.connected();
    await publisher.publish('wraps');
    const player = await scene.playing('wraps');
    const offset = 2 ** 32 - 800;
    for (const tag of readFlv(clip('h264-bframes-aac.flv')).filter(isMedia).slice(0, 120)) {
      sendTag(publisher, { ...tag, timestamp: (tag.timestamp + offset) % 2 ** 32 });
    }
    await player.received((inbox) => inbox.filter(isVideo).length >= 40, '40 video messages');
    const times = player.inbox.filter(isVideo).map(({ timestamp }) => timestamp);
    const steps = times.slice(2, 40).map((time, at) => time - (times[at + 1] ?? 0));
    expect(new Set(steps)).toEqual(new Set([40]));
    expect(times[39]).toBeLessThan(3000);
  });
});
