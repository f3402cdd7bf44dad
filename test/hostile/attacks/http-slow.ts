import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { takenBy } from '../support/procfs.ts';
import { cutAll, dialMany, RawPeer } from '../support/raw-peer.ts';
import { deadlines, type Site } from '../support/site.ts';

const LATE_MS = 2500;

export function httpSlow(site: Site): void {
  const fresh = async () => {
    const began = performance.now();
    const peer = await RawPeer.dial(site.ports.http);
    peer.send('GET /hostile.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await peer.until(/200 OK/);
    await peer.closed;
    return performance.now() - began;
  };

  describe('slow HTTP', () => {
    site.attack('heads of one byte a moment, and silence, are cut', async () => {
      const peers = await dialMany(300, site.ports.http);
      const head = 'GET /hostile.txt HTTP/1.1\r\nHost: a\r\nX: y';
      const began = performance.now();
      for (let at = 0; performance.now() - began < deadlines.requestHeadMs + LATE_MS; at += 1) {
        for (const [index, peer] of peers.entries()) {
          if (index % 3 !== 0) {
            peer.send(head[at] ?? 'z');
          }
        }
        await delay(100);
      }
      for (const peer of peers) {
        await peer.closedWithin(500);
      }
      // Who had begun is told why.
      expect(peers.at(1)?.text).toMatch(/^HTTP\/1\.1 408 /);
    });

    site.attack(
      '5000 idle connections cost little, and a fresh client is served',
      async () => {
        const peers = await dialMany(5000, site.ports.http);
        for (const peer of peers) {
          peer.send('GET /hostile.txt HTTP/1.1\r\nHost: a\r\n\r\n');
        }
        await Promise.all(peers.map((peer) => peer.until(/200 OK/, 20_000)));
        expect(await fresh()).toBeLessThan(1500);
        for (const peer of peers) {
          await peer.closedWithin(deadlines.idleMs + 2 * LATE_MS);
        }
      },
      90_000,
    );

    site.attack('requests in a pipeline whose answers nobody reads', async () => {
      const before = takenBy(site.pid).cpuMs;
      const request = Buffer.from('GET /hostile.txt HTTP/1.1\r\nHost: a\r\n\r\n');
      const many = Buffer.concat(Array.from({ length: 1000 }, () => request));
      const deaf = await dialMany(20, site.ports.http, { deaf: true });
      for (const peer of deaf) {
        peer.socket.pause();
      }
      await Promise.race([
        Promise.all(deaf.map((peer) => peer.pour(Array.from({ length: 200 }, () => many)))),
        delay(deadlines.slowReaderMs + LATE_MS),
      ]);
      expect(takenBy(site.pid).cpuMs - before).toBeLessThan(12_000);
      await cutAll(deaf);
    });

    site.attack('requests for what is not there, 3000 at once', async () => {
      const peers = await dialMany(1500, site.ports.http);
      for (const [index, peer] of peers.entries()) {
        const path = index % 2 ? `/live/nobody${index}.flv` : `/nothing${index}`;
        peer.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      }
      await delay(500);
      expect(await fresh()).toBeLessThan(3000);
      await cutAll(peers);
    });

    site.attack('API connections: idle, slow and 1100 of them', async () => {
      const peers = await Promise.all(
        Array.from({ length: 1100 }, () => RawPeer.dial(site.ports.api).catch(() => undefined)),
      );
      const open = peers.filter((peer) => peer !== undefined);
      for (const peer of open.slice(0, 200)) {
        peer.send('GET /api/v1/versions HTTP/1.1\r\nHo');
      }
      await cutAll(open);
    });
  });
}
