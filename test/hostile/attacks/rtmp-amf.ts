import { describe } from 'vitest';
import { encodeAmf } from '../../support/rtmp/amf0.ts';
import { MessageType } from '../../support/rtmp/chunks.ts';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import { Random, scale, seed } from '../support/random.ts';
import type { Site } from '../support/site.ts';

/** An array or object of one member within another, `depth` times. */
const nested: Readonly<Record<string, (depth: number) => Buffer>> = {
  objects: (depth) => Buffer.alloc(4 * depth, Buffer.from([3, 0, 1, 0x61])),
  'ECMA arrays': (depth) => Buffer.alloc(8 * depth, Buffer.from([8, 0, 0, 0, 1, 0, 1, 0x61])),
  'strict arrays': (depth) => Buffer.alloc(5 * depth, Buffer.from([10, 0, 0, 0, 1])),
  'typed objects': (depth) => Buffer.alloc(7 * depth, Buffer.from([16, 0, 1, 0x61, 0, 1, 0x61])),
  'AMF3 arrays': (depth) =>
    Buffer.concat([Buffer.from([17]), Buffer.alloc(3 * depth, Buffer.from([9, 3, 1]))]),
};

const counts: Readonly<Record<string, Buffer>> = {
  'strict array of 2^32 - 1': Buffer.from([10, 0xff, 0xff, 0xff, 0xff]),
  'ECMA array of 2^32 - 1': Buffer.from([8, 0xff, 0xff, 0xff, 0xff]),
  'long string of 2^32 - 1': Buffer.from([12, 0xff, 0xff, 0xff, 0xff]),
  'XML of 2^31': Buffer.from([15, 0x80, 0, 0, 0]),
  'string beyond the end': Buffer.from([2, 0xff, 0xff, 0x61]),
  'reference to nothing': Buffer.from([7, 0xff, 0xff]),
  'date cut off': Buffer.from([11, 0]),
  'movieclip, recordset, unsupported': Buffer.from([4, 14, 13]),
  'unknown type': Buffer.from([0x55]),
  'AMF3 array of 2^28': Buffer.from([17, 9, 0xff, 0xff, 0xff, 0xff, 1]),
  'AMF3 bytes of 2^28': Buffer.from([17, 12, 0xff, 0xff, 0xff, 0xff]),
  'AMF3 vector of 2^28': Buffer.from([17, 13, 0xff, 0xff, 0xff, 0xff, 0]),
  'AMF3 dictionary': Buffer.from([17, 17, 0xff, 0xff, 0xff, 0xff, 0]),
  'AMF3 traits of 2^28': Buffer.from([17, 10, 0xff, 0xff, 0xff, 0xfb, 1]),
  'AMF3 references': Buffer.from([17, 6, 0xff, 0xff, 0xff, 0xfe]),
};

export function rtmpAmf(site: Site): void {
  const random = new Random(seed);

  /** Sends values as the arguments of a command, and as metadata, of a peer that may or may not publish. */
  async function sendEverywhere(values: Buffer): Promise<void> {
    const payloads = [
      { type: MessageType.command, payload: Buffer.concat([encodeAmf('connect', 1), values]) },
      { type: MessageType.command, payload: Buffer.concat([encodeAmf('call', 7, null), values]) },
      { type: MessageType.command, payload: values },
      { type: 17, payload: Buffer.concat([Buffer.from([0]), encodeAmf('call', 7), values]) },
      {
        type: MessageType.data,
        payload: Buffer.concat([encodeAmf('@setDataFrame', 'onMetaData'), values]),
      },
      { type: 15, payload: Buffer.concat([Buffer.from([0]), encodeAmf('onMetaData'), values]) },
    ];
    await Promise.all(
      payloads.map(async ({ type, payload }, at) => {
        const peer = await RtmpPeer.dial(site.ports.rtmp);
        if (at !== 0) {
          await peer.call('connect', { app: 'live', tcUrl: `rtmp://127.0.0.1/live` });
        }
        if (type === MessageType.data || type === 15) {
          await peer.publish(`amf${type}${random.below(1e9)}`);
        }
        peer.send(3, { type, timestamp: 0, streamId: 1, payload });
        await Promise.race([
          peer.call('getStreamLength', null, 'x').catch(() => {}),
          new Promise((resolve) => setTimeout(resolve, 100)),
        ]);
        await peer.close();
      }),
    );
  }

  describe('AMF', () => {
    for (const [what, make] of Object.entries(nested)) {
      site.attack(`${what} in each other, up to 200000 deep`, async () => {
        for (const depth of [60, 65, 100, 8000, 200_000]) {
          await sendEverywhere(make(depth));
        }
      });
    }

    site.attack('counts and lengths that lie', async () => {
      for (const values of Object.values(counts)) {
        await sendEverywhere(values);
        await sendEverywhere(Buffer.concat([values, random.bytes(200)]));
      }
    });

    site.attack('values cut at every byte', async () => {
      const whole = encodeAmf('connect', 1, {
        app: 'live',
        tcUrl: 'rtmp://127.0.0.1/live',
        n: [1, 'a', null],
      });
      for (let cut = 0; cut < whole.length; cut += 1) {
        const peer = await RtmpPeer.dial(site.ports.rtmp);
        const payload = whole.subarray(0, cut);
        peer.send(3, { type: MessageType.command, timestamp: 0, streamId: 0, payload });
        await peer.close();
      }
    });

    site.attack('random values', async () => {
      for (let round = 0; round < 20 * scale; round += 1) {
        await sendEverywhere(random.bytes(random.below(3000)));
      }
    });

    site.attack('a value that repeats a reference a million times costs no time', async () => {
      // An object, and references to it within a strict array: each would be a copy of what it names.
      const references = Buffer.alloc(3 * 20_000, Buffer.from([7, 0, 0]));
      await sendEverywhere(Buffer.concat([Buffer.from([10, 0, 0, 0x4e, 0x20]), references]));
      const big = encodeAmf({ a: 'x'.repeat(5000) });
      await sendEverywhere(Buffer.concat([big, Buffer.from([10, 0, 0, 0x4e, 0x20]), references]));
    });
  });
}
