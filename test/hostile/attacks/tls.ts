import { describe, expect } from 'vitest';
import { Random, scale, seed } from '../support/random.ts';
import { cutAll, dialMany, RawPeer } from '../support/raw-peer.ts';
import { deadlines, type Site } from '../support/site.ts';

const LATE_MS = 2500;
/** The beginning of a ClientHello of 512 bytes: a record and a handshake header (RFC 8446 §4, §5.1). */
const HELLO = Buffer.from('1603010200010001fc0303', 'hex');

export function tls(site: Site): void {
  const random = new Random(seed);
  const ports = () => [site.ports.rtmps, site.ports.https];

  describe('TLS', () => {
    site.attack('garbage and other protocols are cut', async () => {
      for (const port of ports()) {
        const words = [
          random.bytes(2000),
          Buffer.from([3]),
          Buffer.from('GET / HTTP/1.1\r\n\r\n'),
          Buffer.alloc(1600),
        ];
        for (const word of words) {
          const peer = await RawPeer.dial(port);
          peer.send(word);
          await peer.closedWithin(deadlines.handshakeMs + LATE_MS);
        }
      }
    });

    site.attack('half handshakes and silence are cut', async () => {
      for (const port of ports()) {
        const peers = await dialMany(300, port);
        for (const [index, peer] of peers.entries()) {
          peer.send(index % 2 ? HELLO.subarray(0, index % 12) : HELLO);
        }
        for (const peer of peers) {
          await peer.closedWithin(deadlines.handshakeMs + LATE_MS);
        }
      }
    });

    site.attack('hellos with some bytes changed, and records that lie', async () => {
      const hello = Buffer.concat([HELLO, random.bytes(506)]);
      for (let round = 0; round < 10 * scale; round += 1) {
        for (const port of ports()) {
          const peers = await dialMany(20, port);
          for (const peer of peers) {
            peer.send(random.mutate(hello, random.below(9)));
          }
          await cutAll(peers);
        }
      }
      for (const port of ports()) {
        const good = await RawPeer.dial(port, { tls: true });
        good.send(Buffer.from('x'));
        await good.cut();
      }
    });

    site.attack('handshakes that are cut when they are done', async () => {
      for (const port of ports()) {
        for (let round = 0; round < 5; round += 1) {
          await cutAll(await dialMany(40, port, { tls: true }));
        }
      }
      const peer = await RawPeer.dial(site.ports.https, { tls: true });
      peer.send('GET /hostile.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      await peer.closedWithin(5000);
      expect(peer.text).toMatch(/^HTTP\/1\.1 200 /);
    });
  });
}
