import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { clip } from '../../support/clips.ts';
import { Random, scale, seed } from '../support/random.ts';
import { cutAll, dialMany, RawPeer } from '../support/raw-peer.ts';
import { deadlines, type Site } from '../support/site.ts';

const LATE_MS = 2500;
/** What a trusted proxy says first; the casters of the site stand behind one. */
const PROXIED = 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n';

const post = (name: string, more = 'Transfer-Encoding: chunked') =>
  `${PROXIED}POST /live/${name}.flv HTTP/1.1\r\nHost: a\r\n${more}\r\n\r\n`;
const chunk = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

export function httpPublish(site: Site): void {
  const random = new Random(seed);
  const flv = readFileSync(clip('h264-aac.flv'));

  describe('FLV by POST', () => {
    site.attack('bodies that are no FLV are refused', async () => {
      const peers = await dialMany(50, site.ports.caster);
      for (const [index, peer] of peers.entries()) {
        peer.send(post(`garbage${index}`));
        peer.send(chunk(random.bytes(4096)));
      }
      for (const peer of peers) {
        await peer.until(/^HTTP\/1\.1 400 /);
        await peer.closedWithin(LATE_MS + 5000);
      }
    });

    site.attack('tags that are never whole cost what came of them', async () => {
      const peers = await dialMany(100, site.ports.caster);
      const header = Buffer.from('464c5601050000000900000000', 'hex');
      const tag = Buffer.from('09ffffff00000000000000', 'hex');
      for (const [index, peer] of peers.entries()) {
        peer.send(post(`endless${index}`));
        peer.send(chunk(Buffer.concat([header, tag, random.bytes(1000)])));
      }
      for (const peer of peers) {
        await peer.closedWithin(deadlines.publishMs + LATE_MS + 5000);
        expect(peer.text).toMatch(/^HTTP\/1\.1 408 /);
      }
    });

    site.attack('streams that break off anywhere free their names', async () => {
      for (let round = 0; round < 20 * scale; round += 1) {
        const peers = await dialMany(5, site.ports.caster);
        for (const [index, peer] of peers.entries()) {
          peer.send(post(`cut${index}`));
          peer.send(chunk(flv.subarray(0, random.below(100_000))));
        }
        await cutAll(peers);
      }
      const peer = await RawPeer.dial(site.ports.caster);
      peer.send(post('cut0', `Content-Length: ${flv.length}`));
      peer.send(flv);
      await peer.until(/^HTTP\/1\.1 (200|409) /);
      await peer.cut();
    });

    site.attack('streams with changed bytes harm nobody', async () => {
      for (let round = 0; round < 30 * scale; round += 1) {
        const bytes = Buffer.from(flv.subarray(0, 150_000));
        for (let change = 0; change < 20; change += 1) {
          bytes[13 + random.below(bytes.length - 13)] = random.below(256);
        }
        const peer = await RawPeer.dial(site.ports.caster);
        peer.send(post(`changed${round}`, `Content-Length: ${bytes.length}`));
        peer.send(bytes);
        await peer.until(/^HTTP\/1\.1 [245]\d\d /);
        await peer.cut();
      }
    });

    site.attack('names that lead elsewhere are refused', async () => {
      const names = ['../../etc/x', '%2e%2e/x', 'a%0d%0ab', 'a%00', `${'n'.repeat(5000)}`, '%ff'];
      for (const name of names) {
        const peer = await RawPeer.dial(site.ports.caster);
        peer.send(post(name));
        await peer.until(/^HTTP\/1\.1 4\d\d /);
        await peer.cut();
      }
    });
  });

  describe('PROXY headers', () => {
    site.attack('that are none, or never whole, are cut', async () => {
      const peers = await dialMany(300, site.ports.caster);
      const begins = ['', 'PROXY ', 'PROXY TCP4 1.2.3.4', 'GET / HTTP/1.1\r\n', '\r\n\r\n\0\r\nQ'];
      for (const [index, peer] of peers.entries()) {
        peer.send(begins[index % begins.length] ?? '');
      }
      for (const peer of peers) {
        await peer.closedWithin(deadlines.handshakeMs + LATE_MS + 5000);
        expect(peer.text).toBe('');
      }
    });

    site.attack('of any bytes are answered by a close', async () => {
      for (let round = 0; round < 10 * scale; round += 1) {
        const peers = await dialMany(20, site.ports.caster);
        for (const peer of peers) {
          const binary = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
          peer.send(Buffer.concat([binary, random.bytes(4 + random.below(3000))]));
        }
        await cutAll(peers);
      }
    });

    site.attack('that come byte by byte are read', async () => {
      const peer = await RawPeer.dial(site.ports.caster);
      for (const byte of PROXIED) {
        peer.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await peer.until(/^HTTP\/1\.1 405 /);
      await peer.cut();
    });
  });
}
