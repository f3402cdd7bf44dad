import { describe, expect } from 'vitest';
import { flvRequest } from '../support/deaf-players.ts';
import { Random, scale, seed } from '../support/random.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { Site } from '../support/site.ts';

const UPGRADE =
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** A frame of RFC 6455 §5.2 with whatever first bytes are wanted. */
function frame(first: number, second: number, rest: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([first, second]), rest]);
}

export function websocket(site: Site): void {
  const random = new Random(seed);
  const open = async () => {
    const peer = await RawPeer.dial(site.ports.http);
    peer.send(flvRequest('good', UPGRADE));
    await peer.until(/101 Switching Protocols/);
    return peer;
  };
  const mask = Buffer.alloc(4);

  describe('WebSocket', () => {
    site.attack('frames that are not allowed end the connection', async () => {
      const frames = {
        'length of 2^63': frame(0x82, 0xff, Buffer.concat([Buffer.from([0x80]), Buffer.alloc(11)])),
        'length of 2^63 - 1': frame(
          0x82,
          0xff,
          Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(7, 0xff), mask]),
        ),
        'length of 1 MB': frame(
          0x82,
          0xff,
          Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 16, 0, 0]), mask]),
        ),
        'not masked': frame(0x82, 5, Buffer.from('hello')),
        'reserved bits': frame(0xf2, 0x80, mask),
        'reserved opcode': frame(0x83, 0x80, mask),
        'continuation of nothing': frame(0x80, 0x80, mask),
        'fragmented ping': frame(0x09, 0x80, mask),
        'ping of 126 bytes': frame(
          0x89,
          0xfe,
          Buffer.concat([Buffer.from([0, 126]), mask, Buffer.alloc(126)]),
        ),
        'length not minimal': frame(
          0x82,
          0xfe,
          Buffer.concat([Buffer.from([0, 1]), mask, Buffer.alloc(1)]),
        ),
        close: frame(0x88, 0x80, mask),
        'close of one byte': frame(0x88, 0x81, Buffer.concat([mask, Buffer.alloc(1)])),
      };
      for (const [what, bytes] of Object.entries(frames)) {
        const peer = await open();
        peer.send(bytes);
        await peer.closedWithin(4000).catch((error: Error) => {
          throw new Error(`${what}: ${error.message.slice(0, 100)}`);
        });
      }
    });

    site.attack('fragments without end, and pings without end', async () => {
      const fragments = await open();
      const part = frame(
        0x00,
        0xfe,
        Buffer.concat([Buffer.from([0x40, 0]), mask, Buffer.alloc(0x4000)]),
      );
      await fragments.pour([frame(0x02, 0x80, mask), ...Array.from({ length: 200 }, () => part)]);
      await fragments.closedWithin(4000);
      const empty = await open();
      const none = Buffer.concat(Array.from({ length: 10_000 }, () => frame(0x00, 0x80, mask)));
      await empty.pour([frame(0x02, 0x80, mask), none, none]);
      await empty.cut();
      const pings = await open();
      const ping = Buffer.concat(
        Array.from({ length: 10_000 }, () =>
          frame(0x89, 0x81, Buffer.concat([mask, Buffer.alloc(1)])),
        ),
      );
      await pings.pour(Array.from({ length: 10 }, () => ping));
      await pings.cut();
    });

    site.attack('handshakes that are wrong', async () => {
      const heads = [
        'Upgrade: websocket\r\nConnection: Upgrade\r\n',
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: x\r\n',
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n',
        `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(9000)}\r\n`,
        `${UPGRADE}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`,
      ];
      for (const head of heads) {
        const peer = await RawPeer.dial(site.ports.http);
        peer.send(flvRequest('good', head));
        const [, status] = await peer.until(/^HTTP\/1\.1 (\d{3})/);
        expect([400, 426], head.slice(0, 120)).toContain(Number(status));
        await peer.cut();
      }
    });

    site.attack('random frames', async () => {
      for (let round = 0; round < 10 * scale; round += 1) {
        const peers = await Promise.all(Array.from({ length: 10 }, open));
        for (const peer of peers) {
          peer.send(random.bytes(random.below(3000)));
        }
        await new Promise((resolve) => setTimeout(resolve, 30));
        await Promise.all(peers.map((peer) => peer.cut()));
      }
    });
  });
}
