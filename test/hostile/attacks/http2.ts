import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { Random, scale, seed } from '../support/random.ts';
import { cutAll, dialMany, RawPeer } from '../support/raw-peer.ts';
import { deadlines, type Site } from '../support/site.ts';

const LATE_MS = 2500;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Frame types of RFC 9113 §6. */
const Type = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
const END_STREAM = 1;
const END_HEADERS = 4;

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field that is not indexed, RFC 7541 §6.2.2; both texts shorter than 127. */
function literal(name: string, value: string): Buffer {
  return Buffer.from(
    `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`,
    'latin1',
  );
}

/** GET of a path: `:method GET` and `:scheme https` from the static table. */
function head(path = '/hostile.txt'): Buffer {
  return Buffer.concat([
    Buffer.from([0x82, 0x87]),
    literal(':path', path),
    literal(':authority', 'a'),
  ]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const SETTINGS = frame(Type.settings, 0, 0);
const STARTED = Buffer.concat([PREFACE, SETTINGS]);

export function http2(site: Site): void {
  const random = new Random(seed);
  const dial = (options = {}) =>
    RawPeer.dial(site.ports.https, { tls: true, alpn: ['h2'], ...options });
  /** Sends until the server has had enough. */
  const flood = async (part: (round: number) => Buffer, rounds = 400) => {
    const peer = await dial();
    peer.send(STARTED);
    await peer.pour(
      (function* () {
        for (let round = 0; round < rounds; round += 1) {
          yield part(round);
        }
      })(),
    );
    return peer;
  };
  const many = (count: number, one: (index: number) => Buffer) =>
    Buffer.concat(Array.from({ length: count }, (_, index) => one(index)));

  describe('HTTP/2', () => {
    site.attack('garbage instead of a preface, and silence after it', async () => {
      const words = [random.bytes(2000), Buffer.from('GET / HTTP/1.1\r\n\r\n'), PREFACE, STARTED];
      for (const word of words) {
        const peer = await dial();
        peer.send(word);
        await peer.closedWithin(deadlines.idleMs + LATE_MS);
      }
      const silent = await dial();
      await silent.closedWithin(deadlines.requestHeadMs + LATE_MS);
    });

    site.attack('frames with some bytes changed, and random ones', async () => {
      const good = Buffer.concat([
        STARTED,
        frame(Type.headers, END_HEADERS | END_STREAM, 1, head()),
        frame(Type.ping, 0, 0, Buffer.alloc(8)),
        frame(Type.headers, END_HEADERS, 3, head('/live/nobody.flv')),
        frame(Type.data, END_STREAM, 3, Buffer.from('abc')),
        frame(Type.windowUpdate, 0, 0, number(1000)),
      ]);
      for (let round = 0; round < 10 * scale; round += 1) {
        const peers = await dialMany(20, site.ports.https, { tls: true, alpn: ['h2'] });
        for (const [index, peer] of peers.entries()) {
          peer.send(
            index % 2
              ? Buffer.concat([STARTED, random.bytes(3000)])
              : random.mutate(good, 1 + random.below(9)),
          );
        }
        await cutAll(peers);
      }
    });

    site.attack('floods of PING, SETTINGS, PRIORITY and empty DATA are cut', async () => {
      const floods = [
        (_: number) => many(500, () => frame(Type.ping, 0, 0, Buffer.alloc(8))),
        (_: number) => many(500, () => SETTINGS),
        (_: number) => many(500, (at) => frame(Type.priority, 0, 2 * at + 1, Buffer.alloc(5))),
        (round: number) =>
          Buffer.concat([
            round === 0 ? frame(Type.headers, END_HEADERS, 1, head('/x')) : Buffer.alloc(0),
            many(500, () => frame(Type.data, 0, 1)),
          ]),
      ];
      for (const part of floods) {
        const peer = await flood(part);
        await peer.closedWithin(LATE_MS);
      }
    });

    site.attack('requests that are taken back at once are cut', async () => {
      const peer = await flood((round) =>
        many(50, (at) => {
          const stream = 2 * (round * 50 + at) + 1;
          return Buffer.concat([
            frame(Type.headers, END_HEADERS | END_STREAM, stream, head('/live/nobody.flv')),
            frame(Type.reset, 0, stream, number(8)),
          ]);
        }),
      );
      await peer.closedWithin(LATE_MS);
    });

    site.attack('requests that the server has to break off are cut', async () => {
      // A window beyond 2^31 - 1 is an error of the stream: the server resets it.
      const peer = await flood((round) =>
        many(50, (at) => {
          const stream = 2 * (round * 50 + at) + 1;
          return Buffer.concat([
            frame(Type.headers, END_HEADERS | END_STREAM, stream, head('/live/nobody.flv')),
            frame(Type.windowUpdate, 0, stream, number(0x7fffffff)),
          ]);
        }),
      );
      await peer.closedWithin(LATE_MS);
    });

    site.attack('a head without end is cut', async () => {
      const peer = await flood(
        (round) =>
          frame(
            round === 0 ? Type.headers : Type.continuation,
            0,
            1,
            Buffer.concat([round === 0 ? head() : Buffer.alloc(0), literal('x', 'y'.repeat(100))]),
          ),
        4000,
      );
      await peer.closedWithin(LATE_MS);
    });

    site.attack('fields that grow when they are unpacked', async () => {
      // 4000 bytes in the dynamic table, named 15000 times with one byte each: RFC 7541 §6.1.
      const entry = Buffer.concat([
        Buffer.from([0x40, 1]),
        Buffer.from('x'),
        Buffer.from([0x7f, 0xa1, 0x1e]),
        Buffer.alloc(4000, 'y'),
      ]);
      const peer = await dial();
      peer.send(STARTED);
      for (let stream = 1; stream < 100; stream += 2) {
        const fields = Buffer.concat([head(), entry, Buffer.alloc(12_000, 0xbe)]);
        peer.send(frame(Type.headers, END_HEADERS | END_STREAM, stream, fields));
      }
      await delay(500);
      await cutAll([peer]);
    });

    site.attack('100 viewers on one connection whose windows are shut', async () => {
      const shut = frame(Type.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]));
      const peers = await dialMany(10, site.ports.https, { tls: true, alpn: ['h2'] });
      for (const peer of peers) {
        peer.send(Buffer.concat([PREFACE, shut]));
        peer.send(
          many(100, (at) =>
            frame(
              Type.headers,
              END_HEADERS | END_STREAM,
              2 * at + 1,
              head(at % 2 ? '/hostile.txt' : '/live/good.flv'),
            ),
          ),
        );
      }
      await delay(deadlines.slowReaderMs + LATE_MS);
      await cutAll(peers);
    });

    site.attack('more streams at a time than are allowed', async () => {
      const peer = await dial();
      peer.send(STARTED);
      await peer.until(/./s);
      peer.send(
        many(1000, (at) => frame(Type.headers, END_HEADERS, 2 * at + 1, head('/live/nobody.flv'))),
      );
      await peer.closedWithin(30_000);
    });

    site.attack('a good request is answered after all of it', async () => {
      const peer = await dial();
      peer.send(Buffer.concat([STARTED, frame(Type.headers, END_HEADERS | END_STREAM, 1, head())]));
      await peer.until(/a small file\n/);
      expect(peer.isClosed).toBe(false);
      await cutAll([peer]);
    });
  });
}
