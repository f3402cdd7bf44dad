import { describe, expect } from 'vitest';
import { Random, scale, seed } from '../support/random.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { Site } from '../support/site.ts';

/** What a proxy might take for the body of the request before it, and must never be carried out. */
const HIDDEN = 'GET /api/v1/versions?hidden HTTP/1.1\r\nHost: a\r\n\r\n';

/** Requests of which two servers may see different ends: RFC 9112 §6.3, §11.2. */
const smuggling: Readonly<Record<string, string>> = {
  'two lengths': `Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n`,
  'two equal lengths': `Content-Length: ${HIDDEN.length}\r\nContent-Length: ${HIDDEN.length}\r\n\r\n`,
  'a list of lengths': `Content-Length: 0, ${HIDDEN.length}\r\n\r\n`,
  'length and coding': 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'coding and length': 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  'a length with a plus': 'Content-Length: +0\r\n\r\n',
  'a length with a minus': 'Content-Length: -1\r\n\r\n',
  'a hexadecimal length': 'Content-Length: 0x0\r\n\r\n',
  'a length of 2^64': 'Content-Length: 18446744073709551616\r\n\r\n',
  'a length with a blank': 'Content-Length: 0 0\r\n\r\n',
  'an empty length': 'Content-Length: \r\n\r\n',
  'a coding that is not known': 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'chunked twice': 'Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
  'chunked and then another': 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'two codings': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
  'a blank before the colon': 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  'a folded line': 'X: y\r\n Transfer-Encoding: chunked\r\n\r\n',
  'a field without a colon': 'Nonsense\r\n\r\n',
  'a NUL in a value': 'X: a\0b\r\n\r\n',
  'a bare CR in a value': 'X: a\rTransfer-Encoding: chunked\r\n\r\n',
  'a chunk size with a sign': 'Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n',
  'a chunk size of 0x0': 'Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n',
  'a chunk size of 2^64': 'Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n',
  'a chunk that ends with LF': 'Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n',
  'a chunk that is longer': 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n',
};

const statusOf = (peer: RawPeer) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(peer.text)?.[1]);
const answersOf = (peer: RawPeer) => peer.text.match(/^HTTP\/1\.[01] \d{3}/gm)?.length ?? 0;

export function httpRequests(site: Site): void {
  const random = new Random(seed);

  /** Sends bytes on a connection of its own, and resolves when the server has closed it. */
  async function exchange(bytes: string, port = site.ports.http, limitMs = 6000): Promise<RawPeer> {
    const peer = await RawPeer.dial(port);
    peer.send(bytes);
    await peer.closedWithin(limitMs);
    return peer;
  }

  describe('HTTP requests', () => {
    for (const [where, portOf] of [
      ['media port', () => site.ports.http],
      ['API port', () => site.ports.api],
    ] as const) {
      site.attack(`no request hides behind another on the ${where}`, async () => {
        await Promise.all(
          Object.entries(smuggling).map(async ([what, fields]) => {
            const head = `POST /api/v1/versions HTTP/1.1\r\nHost: a\r\n`;
            const peer = await exchange(head + fields + HIDDEN, portOf());
            expect(answersOf(peer), `${what}: ${peer.text}`).toBeLessThanOrEqual(1);
            expect(peer.text, what).not.toContain('"major"');
          }),
        );
      });
    }

    site.attack('what is ambiguous is answered with 400 on the media port', async () => {
      await Promise.all(
        Object.entries(smuggling).map(async ([what, fields]) => {
          const head = 'POST /api/v1/versions HTTP/1.1\r\nHost: a\r\n';
          const peer = await exchange(head + fields + HIDDEN);
          expect([400, 413, 501], `${what}: ${peer.text}`).toContain(statusOf(peer));
        }),
      );
    });

    site.attack('request lines that are none', async () => {
      const lines = [
        ...[
          'GET',
          'GET /',
          'GET / HTTP/9.9',
          'GET / HTTP/1.1 x',
          ' GET / HTTP/1.1',
          'G\0T / HTTP/1.1',
        ],
        ...[
          'GET  / HTTP/1.1',
          'PRI * HTTP/2.0',
          'GET /\x7f HTTP/1.1',
          'GET /ä HTTP/1.1',
          'GET x HTTP/1.1',
        ],
        ...[
          `${'A'.repeat(5000)} / HTTP/1.1`,
          'CONNECT a:1 HTTP/1.1',
          'TRACE / HTTP/1.1',
          '\r\n\r\n\r\n',
        ],
        ...[
          'GET http://a b/ HTTP/1.1',
          'GET http://[::1/ HTTP/1.1',
          'GET * HTTP/1.1',
          'GET //// HTTP/1.1',
        ],
      ];
      await Promise.all(
        lines.map(async (line) => {
          const peer = await exchange(`${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
          expect(statusOf(peer), `${JSON.stringify(line.slice(0, 40))}: ${peer.text}`).not.toBe(
            200,
          );
        }),
      );
    });

    site.attack('heads of 1 MB, 10000 fields, a field without end', async () => {
      const heads = {
        target: `GET /${'a'.repeat(1_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
        field: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(1_000_000)}\r\n\r\n`,
        fields: `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(10_000)}\r\n`,
        name: `GET / HTTP/1.1\r\nHost: a\r\n${'n'.repeat(1_000_000)}: v\r\n\r\n`,
        trailers: `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'X: y\r\n'.repeat(200_000)}`,
        extension: `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(1_000_000)}`,
      };
      for (const port of [site.ports.http, site.ports.api]) {
        await Promise.all(
          Object.entries(heads).map(async ([what, head]) => {
            const peer = await RawPeer.dial(port);
            await peer.pour([Buffer.from(head, 'latin1')]);
            await peer.closedWithin(20_000);
            // A reset may overtake the answer when so much is still on its way.
            expect(statusOf(peer) || 431, `${what}: ${peer.text}`).toBeGreaterThanOrEqual(400);
          }),
        );
      }
      const endless = await RawPeer.dial(site.ports.http);
      endless.send('GET / HTTP/1.1\r\nHost: a\r\nX: ');
      await endless.pour(Array.from({ length: 100 }, () => Buffer.alloc(65_536, 0x61)));
      await endless.closedWithin(5000);
    });

    site.attack('good requests with some bytes changed', async () => {
      const requests = [
        'GET /live/good.flv?x=1 HTTP/1.1\r\nHost: a:80\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n',
        'POST /api/v1/streams HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\nConnection: close\r\n\r\n{"a":1}',
        'GET /live/good.flv HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        'PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      ].map((text) => Buffer.from(text, 'latin1'));
      for (let round = 0; round < 20 * scale; round += 1) {
        const peers = await Promise.all(
          Array.from({ length: 30 }, async () => {
            const peer = await RawPeer.dial(site.ports.http);
            peer.send(random.mutate(random.pick(requests), 1 + random.below(8)));
            return peer;
          }),
        );
        await new Promise((resolve) => setTimeout(resolve, 30));
        await Promise.all(peers.map((peer) => peer.cut()));
      }
    });

    site.attack('a body of FLV garbage, and one without end', async () => {
      const flv = await RawPeer.dial(site.ports.http);
      flv.send('POST /live/posted.flv HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = Buffer.concat([
        Buffer.from('10000\r\n'),
        random.bytes(65_536),
        Buffer.from('\r\n'),
      ]);
      await flv.pour(Array.from({ length: 400 }, () => chunk));
      await flv.closedWithin(20_000);
      expect(statusOf(flv) || 413).toBeGreaterThanOrEqual(400);
      const long = await RawPeer.dial(site.ports.http);
      long.send('POST /api/v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n');
      await long.closedWithin(5000);
      expect(statusOf(long)).toBe(413);
    });

    site.attack('ranges: a thousand of them, overflowing and backwards', async () => {
      const ranges = [
        `bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-${at}`).join(',')}`,
        ...[
          'bytes=0-18446744073709551615',
          'bytes=18446744073709551616-',
          'bytes=-18446744073709551616',
        ],
        ...[
          'bytes=5-1',
          'bytes=-0',
          'bytes=',
          'bytes=a-b',
          'bytes=0-0,0-0,0-0',
          'lines=0-1',
          'bytes=--1',
        ],
      ];
      await Promise.all(
        ranges.map(async (range) => {
          const peer = await exchange(
            `GET /hostile.txt HTTP/1.1\r\nHost: a\r\nRange: ${range}\r\nConnection: close\r\n\r\n`,
          );
          expect([200, 206, 416, 431], `${range.slice(0, 40)}: ${peer.text}`).toContain(
            statusOf(peer),
          );
          expect(peer.received.length).toBeLessThan(2000);
        }),
      );
    });
  });
}
