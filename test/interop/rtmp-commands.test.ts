import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { isAudio, isVideo, readFlv, writeTag } from '../support/flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { type AmfObject, decodeAmf } from '../support/rtmp/amf0.ts';
import { type Message, MessageType } from '../support/rtmp/chunks.ts';
import { codeOf, commandOf } from '../support/rtmp/rtmp-peer.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start();
});
afterEach(() => scene.clear());
afterAll(() => server.stop());

describe('connect', () => {
  it('is answered in the order of SRS', async () => {
    const peer = await scene.dialled();
    peer.command('connect', 1, { app: 'live', tcUrl: server.rtmp('live'), objectEncoding: 0 });
    await peer.takeCommand(({ name }) => name === 'onBWDone', 'onBWDone');
    const [ack, bandwidth, chunk, result] = peer.inbox;
    expect(ack?.type).toBe(MessageType.windowAckSize);
    expect(ack?.payload.readUInt32BE(0)).toBe(2_500_000);
    expect(bandwidth?.type).toBe(MessageType.setPeerBandwidth);
    expect(bandwidth?.payload).toEqual(Buffer.from([0, 0x26, 0x25, 0xa0, 2]));
    expect(chunk?.type).toBe(MessageType.setChunkSize);
    expect(chunk?.payload.readUInt32BE(0)).toBe(60_000);
    const { name, values } = commandOf(result as never) ?? { name: '', values: [] };
    expect(name).toBe('_result');
    expect(values[1]).toMatchObject({ fmsVer: 'FMS/3,5,3,888', capabilities: 127, mode: 1 });
    const info = values[2] as AmfObject;
    expect(info).toMatchObject({
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded',
      objectEncoding: 0,
      data: { version: '3,5,3,888', srs_sig: 'SRS', srs_pid: server.pid },
    });
    expect((info.data as AmfObject).srs_id).toMatch(/^[0-9a-z]{8}$/);
  });

  it('is taken after a proxy header', async () => {
    const before = Buffer.from([0xf3, 0, 4, 192, 0, 2, 77]);
    const peer = await scene.connected({ before });
    await peer.play('proxied');
  });

  it('gets null as the result of a call that nobody knows', async () => {
    const peer = await scene.connected();
    const { name, values } = await peer.call('nonsense', null, 'x');
    expect(name).toBe('_result');
    expect(values.slice(1).every((value) => value === null || value === undefined)).toBe(true);
  });
});

describe('publish', () => {
  it('in the form of FMLE is answered step by step', async () => {
    const peer = await scene.connected();
    for (const step of ['releaseStream', 'FCPublish']) {
      expect((await peer.call(step, null, 'fmle')).name).toBe('_result');
    }
    expect((await peer.call('createStream', null)).values[2]).toBe(1);
    peer.command('publish', 5, null, 'fmle', 'live');
    const fc = await peer.takeCommand(({ name }) => name === 'onFCPublish', 'onFCPublish');
    expect(codeOf(fc)).toBe('NetStream.Publish.Start');
    await peer.status('NetStream.Publish.Start');
    await server.line(/client identified, type=fmle-publish, .*stream=fmle,/);
  });

  it('in the form of Flash gets onStatus alone', async () => {
    const peer = await scene.connected();
    await peer.publishAsFlash('flash');
    expect(peer.inbox.map((message) => commandOf(message)?.name)).not.toContain('onFCPublish');
    await server.line(/client identified, type=flash-publish, .*stream=flash,/);
  });

  it('in the form of Haivision is taken as FMLE', async () => {
    const peer = await scene.connected();
    await peer.call('createStream', null);
    peer.command('FCPublish', 3, null, 'haivision');
    peer.command('publish', 4, null, 'haivision', 'live');
    await peer.status('NetStream.Publish.Start');
    await server.line(/client identified, type=haivision-publish, .*stream=haivision,/);
  });

  it('ends with FCUnpublish, and the connection may publish again', async () => {
    const peer = await scene.connected();
    await peer.publish('again');
    const unpublished = peer.call('FCUnpublish', null, 'again');
    const fc = await peer.takeCommand(({ name }) => name === 'onFCUnpublish', 'onFCUnpublish');
    expect(codeOf(fc)).toBe('NetStream.Unpublish.Success');
    expect((await unpublished).name).toBe('_result');
    await peer.status('NetStream.Unpublish.Success');
    await peer.publish('again2');
  });

  it('in aggregate messages is split', async () => {
    const publisher = await scene.connected();
    await publisher.publish('aggregate');
    const tags = readFlv(clip('h264-aac.flv')).filter((tag) => isVideo(tag) || isAudio(tag));
    const some = tags.slice(0, 60);
    // RTMP 1.0 §7.1.6: the times within are relative to the first, and the whole has that of the message.
    for (let at = 0; at < some.length; at += 10) {
      const part = some.slice(at, at + 10);
      const payload = Buffer.concat(part.map(writeTag));
      const { aggregate: type } = MessageType;
      publisher.send(6, { type, timestamp: part[0]?.timestamp ?? 0, streamId: 1, payload });
    }
    const player = await scene.playing('aggregate');
    const videos = some.filter(isVideo);
    await player.received(
      (inbox) => inbox.filter(isVideo).length >= videos.length,
      'all video messages',
    );
    const got = player.inbox.filter(isVideo);
    expect(got.map(({ payload }) => payload.toString('hex'))).toEqual(
      videos.map(({ body }) => body.toString('hex')),
    );
    const frames = got.slice(1).map(({ timestamp }) => timestamp);
    expect(frames.slice(1).map((time, at) => time - (frames[at] ?? 0))).toEqual(
      frames.slice(1).map(() => 40),
    );
  });

  it('of a name that is taken is refused, and the first goes on', async () => {
    const first = await scene.publishing('taken');
    const second = await scene.connected();
    await second.call('createStream', null);
    second.command('publish', 3, null, 'taken', 'live');
    await second.status('NetStream.Publish.BadName');
    await second.end();

    const player = await scene.playing('taken');
    await player.takeMedia('video');
    const before = first.sent;
    while ((await player.takeMedia('video')).timestamp < 1000) {}
    expect(first.sent).toBeGreaterThan(before);
    expect(first.peer.ended).toBe(false);
  });
});

describe('play', () => {
  it('begins in the order of SRS: status, metadata, configurations, key frame', async () => {
    await scene.publishing('order', { burstMs: 1500 });
    await server.tracks();
    const player = await scene.connected();
    await player.call('createStream', null);
    player.inbox.length = 0;
    player.command('play', 0, null, 'order');
    await player.received(
      (inbox) => inbox.filter(({ type }) => type === MessageType.video).length >= 2,
      'two video messages',
    );

    const [begin, ...rest] = player.inbox;
    expect(begin).toMatchObject({
      type: MessageType.userControl,
      payload: Buffer.from([0, 0, 0, 0, 0, 1]),
    });
    const commands = rest.flatMap((message) => commandOf(message) ?? []);
    expect(commands.map(codeOf)).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start']);
    const { values } = commands[1] ?? { values: [] };
    expect(values[2]).toMatchObject({ details: 'stream', clientid: 'ASAICiss' });
    const data = rest.filter(({ type }) => type === MessageType.data);
    expect(data.map(({ payload }) => decodeAmf(payload)[0])).toEqual([
      '|RtmpSampleAccess',
      'onMetaData',
    ]);
    expect(decodeAmf(data[0]?.payload ?? Buffer.alloc(0))).toEqual([
      '|RtmpSampleAccess',
      true,
      true,
    ]);
    const media = rest.filter(
      ({ type }) => type === MessageType.audio || type === MessageType.video,
    );
    // Configurations of AAC and AVC, then a key frame.
    expect(media[0]?.payload.subarray(0, 2)).toEqual(Buffer.from([0xaf, 0]));
    expect(media[1]?.payload.subarray(0, 2)).toEqual(Buffer.from([0x17, 0]));
    const firstFrame = media.slice(2).find(({ type }) => type === MessageType.video);
    expect(firstFrame?.payload.subarray(0, 2)).toEqual(Buffer.from([0x17, 1]));
  });

  it('ends after the duration that was asked for', async () => {
    await scene.publishing('duration', { burstMs: 500 });
    const player = await scene.connected();
    await player.play('duration', -2, 1000);
    await player.end();
    const videos = player.inbox.filter(({ type }) => type === MessageType.video);
    expect(videos.length).toBeGreaterThan(10);
    expect(videos.at(-1)?.timestamp).toBeLessThan(2500);
  });
});

describe('metadata', () => {
  it('loses its duration and gains the names of the server', async () => {
    const publisher = await scene.publishing('metadata', { burstMs: 500 });
    publisher.peer.sendMetadata({ duration: 12, width: 160, custom: 'kept' });
    const player = await scene.playing('metadata');
    const isMetadata = ({ type, payload }: Message) =>
      type === MessageType.data && payload.includes('custom');
    const [, values] = decodeAmf((await player.take(isMetadata, 'onMetaData')).payload);
    expect(values).toMatchObject({ width: 160, custom: 'kept' });
    expect((values as AmfObject).server).toMatch(/^SRS\/\d+\.\d+\.\d+\(/);
    expect((values as AmfObject).server_version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(values).not.toHaveProperty('duration');
  });
});
