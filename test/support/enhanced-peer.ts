// A publisher or player with FFmpeg 8, which knows Enhanced RTMP; the distribution's FFmpeg does not. A program of its
// own, because node-av keeps threads; `node --import tsx enhanced-peer.ts` with one of
//   publish FILE URL    in real time
//   remux FILE FLV      the same into a file, at once
//   watch URL SECONDS
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

// Node.js 20 lacks what node-av uses; newer versions have it.
if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', {
    value: () => {
      let settle = {};
      const promise = new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
      return { promise, ...settle };
    },
  });
}
const { Demuxer, Muxer } = await import('node-av/api');
const { AVMEDIA_TYPE_VIDEO } = await import('node-av/constants');
const { avGetCodecName } = await import('node-av');

type Time = { readonly num: number; readonly den: number };
const seconds = (ticks: bigint, { num, den }: Time) => (Number(ticks) * num) / den;

/** Publishes a file, codecs untouched. */
async function publish(file: string, url: string, isPaced: boolean): Promise<void> {
  await using input = await Demuxer.open(file);
  await using output = await Muxer.open(url, { format: 'flv' });
  for (const { codecpar } of input.streams) {
    // The tag is one of the container that the file is in.
    codecpar.codecTag = 0;
  }
  const indexes = input.streams.map((stream) => output.addStream(stream));
  const began = performance.now();
  for await (const packet of input.packets()) {
    if (packet === null) {
      break;
    }
    const { dts, streamIndex } = packet;
    const timeBase = input.getStream(streamIndex)?.timeBase ?? packet.timeBase;
    const waitMs = seconds(dts, timeBase) * 1000 - (performance.now() - began);
    if (isPaced && waitMs > 0) {
      await delay(waitMs);
    }
    await output.writePacket(packet, indexes[streamIndex] ?? 0);
    packet.free();
  }
}

/** Plays for some seconds of media and prints what came, in the form of `Watched`. */
async function watch(url: string, limit: number): Promise<void> {
  await using input = await Demuxer.open(url);
  const tracks = input.streams.map(({ codecpar }) => ({
    kind: codecpar.codecType === AVMEDIA_TYPE_VIDEO ? 'video' : 'audio',
    codec: avGetCodecName(codecpar.codecId),
  }));
  const packets = [];
  let first: number | undefined;
  for await (const packet of input.packets()) {
    if (packet === null) {
      break;
    }
    const timeBase = input.getStream(packet.streamIndex)?.timeBase ?? packet.timeBase;
    const dts = seconds(packet.dts, timeBase);
    first ??= dts;
    packets.push({
      kind: tracks[packet.streamIndex]?.kind,
      dts,
      pts: seconds(packet.pts, timeBase),
      key: packet.isKeyframe,
      hash: createHash('md5')
        .update(packet.data ?? Buffer.alloc(0))
        .digest('hex'),
    });
    packet.free();
    if (dts - first >= limit) {
      break;
    }
  }
  process.stdout.write(JSON.stringify({ tracks, packets }));
}

const [action, one = '', two = ''] = process.argv.slice(2);
await (action === 'watch' ? watch(one, Number(two)) : publish(one, two, action === 'publish'));
process.exit(0);
