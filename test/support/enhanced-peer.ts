// A publisher or player with FFmpeg 8, which knows Enhanced RTMP; the distribution's FFmpeg does not. A program of its
// own, because node-av keeps threads; `node --import tsx enhanced-peer.ts` with one of
//   publish FILE URL    in real time; by WHIP to an URL of http
//   loop FILE URL       the same again and again
//   remux FILE FLV      the same into a file, at once
//   record URL FILE SECONDS
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

interface CopyOptions {
  /** Of the output; by its name unless given. */
  readonly format?: string;
  readonly isPaced?: boolean;
  /** Begin anew at the end of the input, with times that go on. */
  readonly isEndless?: boolean;
  /** Seconds of media after which to stop. */
  readonly limit?: number;
}

/** Copies media from one place to another, codecs untouched. */
async function copy(from: string, to: string, options: CopyOptions): Promise<void> {
  const { format, isPaced = false, isEndless = false, limit = Number.POSITIVE_INFINITY } = options;
  let input = await Demuxer.open(from);
  // Five seconds to shake hands, FFmpeg's default, are few on a loaded machine.
  const whip = { format: 'whip', options: { handshake_timeout: 20_000 } };
  await using output = await Muxer.open(
    to,
    format === 'whip' ? whip : format === undefined ? {} : { format },
  );
  for (const { codecpar } of input.streams) {
    // The tag is one of the container that the media was in.
    codecpar.codecTag = 0;
  }
  const indexes = input.streams.map((stream) => output.addStream(stream));
  const began = performance.now();
  let first: number | undefined;
  let past = 0; // seconds of the rounds before
  let last = 0;
  do {
    for await (const packet of input.packets()) {
      if (packet === null) {
        break;
      }
      const { streamIndex } = packet;
      const timeBase = input.getStream(streamIndex)?.timeBase ?? packet.timeBase;
      const ticks = BigInt(Math.round((past * timeBase.den) / timeBase.num));
      packet.dts += ticks;
      packet.pts += ticks;
      const at = seconds(packet.dts, timeBase);
      first ??= at;
      last = Math.max(last, at);
      const waitMs = at * 1000 - (performance.now() - began);
      if (isPaced && waitMs > 0) {
        await delay(waitMs);
      }
      await output.writePacket(packet, indexes[streamIndex] ?? 0);
      packet.free();
      if (at - first >= limit) {
        break;
      }
    }
    if (isEndless) {
      past = last + 0.04;
      await input[Symbol.asyncDispose]();
      input = await Demuxer.open(from);
    }
  } while (isEndless);
  await input[Symbol.asyncDispose]();
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

const formatOf = (url: string) => (url.startsWith('http') ? 'whip' : 'flv');

const [action, one = '', two = '', three = ''] = process.argv.slice(2);
switch (action) {
  case 'publish':
    await copy(one, two, { format: formatOf(two), isPaced: true });
    break;
  case 'loop':
    await copy(one, two, { format: formatOf(two), isPaced: true, isEndless: true });
    break;
  case 'remux':
    await copy(one, two, { format: 'flv' });
    break;
  case 'record':
    await copy(one, two, { limit: Number(three) });
    break;
  default:
    await watch(one, Number(two));
}
process.exit(0);
