import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { isAudio, isSequenceHeader, isVideo, readFlv, type Tag } from '../support/flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { type AmfObject, decodeAmf } from '../support/rtmp/amf0.ts';
import { type Message, MessageType } from '../support/rtmp/chunks.ts';
import { sendTag } from '../support/rtmp/clip-publisher.ts';
import type { RtmpPeer } from '../support/rtmp/rtmp-peer.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

// vhost.play of two vhosts: the default one as SRS has it, the other with what is off there.

let server: MediaServer;
let tags: readonly Tag[];
const scene = new RtmpScene(() => server);
const other = '?vhost=other.example';

beforeAll(async () => {
  tags = readFlv(clip('h264-aac.flv')).filter((tag) => isVideo(tag) || isAudio(tag));
  server = await MediaServer.start({
    vhost: 'play { mw_latency 0; }',
    root: `vhost other.example {
      play { mw_latency 0; atc_auto on; reduce_sequence_header on; }
    }`,
  });
}, 60_000);
afterEach(() => scene.clear());
afterAll(() => server.stop());

const isMetadata = (message: Message) => {
  const [name] = message.type === MessageType.data ? decodeAmf(message.payload) : [];
  return name === 'onMetaData';
};

/** Resolves with the next onMetaData that a player gets. */
async function metadata(player: RtmpPeer): Promise<AmfObject> {
  const { payload } = await player.take(isMetadata, 'onMetaData');
  return decodeAmf(payload)[1] as AmfObject;
}

const isHeader = ({ type, payload }: Message) =>
  (type === MessageType.video || type === MessageType.audio) &&
  isSequenceHeader({ type, timestamp: 0, body: payload });

async function publisher(name: string): Promise<RtmpPeer> {
  const peer = await scene.connected();
  await peer.publish(name);
  return peer;
}

function sendMedia(peer: RtmpPeer, from: number, to: number, offsetMs = 0): void {
  for (const tag of tags.slice(from, to)) {
    sendTag(peer, { ...tag, timestamp: tag.timestamp + offsetMs });
  }
}

describe('metadata of a publisher without media', () => {
  it('reaches players who came before and after it, and not twice with the media', async () => {
    const early = await scene.playing('silent');
    const peer = await publisher('silent');
    peer.sendMetadata({ title: 'soon' });
    expect(await metadata(early)).toMatchObject({ title: 'soon' });
    const late = await scene.playing('silent');
    expect(await metadata(late)).toMatchObject({ title: 'soon' });
    sendMedia(peer, 0, 20);
    await early.received((inbox) => inbox.filter(isVideo).length > 3, 'video');
    await late.received((inbox) => inbox.filter(isVideo).length > 3, 'video');
    for (const player of [early, late]) {
      expect(player.inbox.filter(isMetadata)).toEqual([]);
    }
  });
});

describe('reduce_sequence_header', () => {
  const headers = () => tags.filter(isSequenceHeader);

  it.each([
    ['off', '', 4, 2],
    ['on', other, 2, 1],
  ])(
    '%s: what the publisher says again is sent %i times',
    async (_, query, sequenceHeaders, sets) => {
      const player = await scene.playing(`again${query}`);
      const peer = await publisher(`again${query}`);
      expect(headers()).toHaveLength(2);
      peer.sendMetadata({ title: 'same' });
      sendMedia(peer, 0, 10);
      peer.sendMetadata({ title: 'same' });
      for (const tag of headers()) {
        sendTag(peer, { ...tag, timestamp: tags[9]?.timestamp ?? 0 });
      }
      sendMedia(peer, 10, 30);
      const frames = tags.slice(0, 30).filter((tag) => isVideo(tag) && !isSequenceHeader(tag));
      await player.received(
        (inbox) =>
          inbox.filter((message) => isVideo(message) && !isHeader(message)).length ===
          frames.length,
        'all video',
      );
      expect(player.inbox.filter(isHeader)).toHaveLength(sequenceHeaders);
      expect(player.inbox.filter(isMetadata)).toHaveLength(sets);
    },
  );

  it('on: metadata that says something else goes through', async () => {
    const player = await scene.playing(`changes${other}`);
    const peer = await publisher(`changes${other}`);
    for (const title of ['one', 'one', 'two']) {
      peer.sendMetadata({ title });
    }
    expect(await metadata(player)).toMatchObject({ title: 'one' });
    expect(await metadata(player)).toMatchObject({ title: 'two' });
  });
});

describe('atc_auto', () => {
  const hours = 3 * 3_600_000;

  it.each([
    ['on', other, { bravo_atc: 'true' }, hours],
    ['on, but not asked for', other, { bravo_atc: 'false' }, 0],
    ['off', '', { bravo_atc: 'true' }, 0],
  ])('%s', async (_, query, values, base) => {
    const player = await scene.playing(`atc${query}`);
    const peer = await publisher(`atc${query}`);
    peer.sendMetadata(values);
    sendMedia(peer, 0, 20, hours);
    const { timestamp } = await player.take(
      (message) => isVideo(message) && !isHeader(message),
      'video',
    );
    expect(timestamp).toBeGreaterThanOrEqual(base);
    expect(timestamp).toBeLessThan(base + 1000);
  });
});
