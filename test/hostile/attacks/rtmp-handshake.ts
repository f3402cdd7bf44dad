import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import { Random, scale, seed } from '../support/random.ts';
import { cutAll, dialMany, RawPeer } from '../support/raw-peer.ts';
import { deadlines, type Site } from '../support/site.ts';

/** A deadline is kept to the second, and the machine may be busy. */
const LATE_MS = 2500;

export function rtmpHandshake(site: Site): void {
  describe('RTMP handshake', () => {
    const random = new Random(seed);

    site.attack('garbage in place of C0 and C1 ends the connection', async () => {
      const peers = await dialMany(100, site.ports.rtmp);
      for (const peer of peers) {
        peer.send(random.bytes(1 + random.below(4000)));
      }
      for (const peer of peers) {
        await peer.closedWithin(deadlines.handshakeMs + LATE_MS);
      }
    });

    site.attack('other protocols on the port are cut', async () => {
      const words = [
        'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
        'OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
        'SSH-2.0-OpenSSH_9.2\r\n',
        '\x00',
        '\x06',
        '\xf3\xff\xff',
      ];
      for (const word of words) {
        const peer = await RawPeer.dial(site.ports.rtmp);
        peer.send(word);
        await peer.closedWithin(deadlines.handshakeMs + LATE_MS);
      }
    });

    site.attack('half handshakes and silence are cut, and a fresh client is served', async () => {
      const whole = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]);
      const parts = [0, 1, 2, 9, 768, 1536, 1537].map((size) => whole.subarray(0, size));
      const peers = await dialMany(700, site.ports.rtmp);
      for (const [index, peer] of peers.entries()) {
        peer.send(parts[index % parts.length] ?? whole);
      }
      const fresh = await RtmpPeer.connect(site.ports.rtmp);
      await fresh.play('good');
      await fresh.takeMedia('video');
      await fresh.close();
      for (const peer of peers) {
        await peer.closedWithin(deadlines.handshakeMs + LATE_MS);
      }
    });

    site.attack('3000 silent connections cost little, and are cut', async () => {
      const peers = await dialMany(3000, site.ports.rtmp);
      const began = performance.now();
      const fresh = await RtmpPeer.connect(site.ports.rtmp);
      await fresh.play('good');
      await fresh.takeMedia('video');
      expect(performance.now() - began).toBeLessThan(1500);
      await fresh.close();
      for (const peer of peers) {
        await peer.closedWithin(deadlines.handshakeMs + LATE_MS);
      }
    });

    site.attack('a handshake of one byte at a time has to be done in time', async () => {
      const peer = await RawPeer.dial(site.ports.rtmp);
      const began = performance.now();
      while (!peer.isClosed && performance.now() - began < deadlines.handshakeMs + LATE_MS) {
        peer.send(Buffer.from([3]));
        await Promise.race([delay(20), peer.closed]);
      }
      expect(peer.isClosed).toBe(true);
    });

    site.attack('silence after the handshake is cut', async () => {
      const peers = await Promise.all(
        Array.from({ length: 100 }, () => RtmpPeer.dial(site.ports.rtmp)),
      );
      await Promise.all(peers.map((peer) => peer.end(deadlines.idleMs + LATE_MS)));
      const connected = await RtmpPeer.connect(site.ports.rtmp);
      await connected.end(deadlines.idleMs + LATE_MS);
    });

    site.attack('garbage after the handshake ends the connection', async () => {
      const rounds = 100 * scale;
      for (let round = 0; round < rounds; round += 20) {
        const peers = await Promise.all(
          Array.from({ length: 20 }, () => RtmpPeer.dial(site.ports.rtmp)),
        );
        for (const peer of peers) {
          peer.sendBytes(random.bytes(random.below(8000)));
        }
        await Promise.all(peers.map((peer) => peer.end(deadlines.idleMs + LATE_MS)));
      }
    });

    site.attack('connections that are reset at once leave nothing', async () => {
      for (let round = 0; round < 5; round += 1) {
        await cutAll(await dialMany(200, site.ports.rtmp));
      }
    });
  });
}
