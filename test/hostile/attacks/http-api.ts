import { describe, expect } from 'vitest';
import { Random, seed } from '../support/random.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { Site } from '../support/site.ts';

export function httpApi(site: Site): void {
  const random = new Random(seed);
  const ask = async (head: string, body: Buffer | string = '', port = site.ports.api) => {
    const peer = await RawPeer.dial(port);
    const length = Buffer.byteLength(body);
    peer.send(`${head}\r\nHost: a\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
    await peer.pour([Buffer.from(body)]);
    await peer.closedWithin(10_000);
    return peer.text;
  };
  const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

  describe('API', () => {
    site.attack('JSON that is deep, long or of the wrong type', async () => {
      const broken = [
        '['.repeat(500_000),
        `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
        `${'['.repeat(33)}${']'.repeat(33)}`,
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
        '{"a":1,}',
        random.bytes(1000),
      ];
      // What is read is not asked for by these routes; it costs nothing either.
      const useless = ['null', '1e999', '"\\ud800"', `[${'0,'.repeat(400_000)}0]`];
      for (const port of [site.ports.api, site.ports.http]) {
        for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
          for (const body of [...broken, ...useless]) {
            const head = `${method} /api/v1/versions HTTP/1.1\r\nContent-Type: application/json`;
            const status = statusOf(await ask(head, body, port));
            const least = useless.includes(String(body)) ? 200 : 400;
            expect(status, `${method} ${String(body).slice(0, 20)}`).toBeGreaterThanOrEqual(least);
            expect(status, `${method} ${String(body).slice(0, 20)}`).toBeLessThan(500);
          }
        }
        const large = await ask(
          'POST /api/v1/versions HTTP/1.1\r\nContent-Type: application/json',
          Buffer.alloc(20_000_000, 0x20),
          port,
        );
        // A reset may overtake the answer when so much is still on its way.
        expect(statusOf(large) || 413).toBe(413);
      }
    });

    site.attack('odd types, methods and paths', async () => {
      const types = [
        'text/plain',
        'application/json; charset=utf-7',
        'multipart/form-data; boundary=',
        'x',
        '',
      ];
      for (const type of types) {
        const status = statusOf(
          await ask(`POST /api/v1/versions HTTP/1.1\r\nContent-Type: ${type}`, '{}'),
        );
        expect(status, type).toBeGreaterThanOrEqual(200);
        expect(status, type).toBeLessThan(500);
      }
      const paths = [
        ...[
          '/api/v1/versions/',
          '/api//v1/versions',
          '/API/V1/VERSIONS',
          '/api/v1/versions;x',
          '/api/v1/%76ersions',
        ],
        ...[
          '/api/v1/versions%00',
          '/api/v1/../v1/versions',
          '/api/v1/versions%',
          '/api/v1/%zz',
          '/api/v1/versions?%',
        ],
        ...[
          `/api/v1/${'a/'.repeat(3000)}`,
          `/api/v1/${'x'.repeat(6000)}`,
          '/api/v1/streams/__proto__',
          '/api/v1/clients/constructor',
        ],
        ...[`/api/v1/versions?${'a[b]=c&'.repeat(900)}`, '/api/v1/versions?count=-1&start=1e9'],
      ];
      for (const port of [site.ports.api, site.ports.http]) {
        for (const path of paths) {
          expect(
            statusOf(await ask(`GET ${path} HTTP/1.1`, '', port)),
            path.slice(0, 40),
          ).toBeLessThan(500);
        }
      }
    });

    site.attack('callbacks of JSONP that are markup or code', async () => {
      const callbacks = [
        '<script>alert(1)</script>',
        'alert(1)//',
        'a;b',
        'a[b]',
        "a'b",
        'a%0d%0aX-Injected: 1',
        'a'.repeat(4000),
        '%E2%80%A8',
      ];
      for (const callback of callbacks) {
        const answer = await ask(`GET /api/v1/versions?callback=${callback} HTTP/1.1`);
        expect(statusOf(answer), callback.slice(0, 40)).toBe(400);
        expect(answer).not.toMatch(/script>|alert|X-Injected/);
      }
    });

    site.attack('pages, ids and kick-off of what is not there', async () => {
      const paths = [
        ...['streams/?count=1e9', 'clients/?start=-1', 'streams/?count=10000&start=99999999999'],
        ...['clients/%00', 'clients/..%2f..%2fetc', `clients/${'x'.repeat(200)}`, 'vhosts/%ff'],
      ];
      for (const path of paths) {
        for (const method of ['GET', 'DELETE']) {
          const status = statusOf(await ask(`${method} /api/v1/${path} HTTP/1.1`));
          expect(status, path).toBeLessThan(500);
        }
      }
    });

    site.attack('any origin may ask, but with no credentials', async () => {
      for (const port of [site.ports.api, site.ports.http]) {
        for (const method of ['GET', 'OPTIONS']) {
          const answer = await ask(
            `${method} /api/v1/versions HTTP/1.1\r\nOrigin: http://evil.example`,
            '',
            port,
          );
          expect(answer).not.toMatch(/^Access-Control-Allow-Credentials: true/im);
          expect(answer).not.toMatch(/^Access-Control-Allow-Origin: http:\/\/evil/im);
        }
      }
    });
  });
}
