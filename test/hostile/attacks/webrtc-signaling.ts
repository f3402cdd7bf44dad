import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { Random, seed } from '../support/random.ts';
import type { Site } from '../support/site.ts';

const offer = readFileSync(
  new URL('../../vectors/sdp/chromium-publish.sdp', import.meta.url),
  'utf8',
);

/** SDP and requests about sessions that break rules; a site with WebRTC, whose ports no media reaches. */
export function webrtcSignaling(site: Site): void {
  const random = new Random(seed);
  const send = (path: string, body: string, method = 'POST') =>
    fetch(`http://127.0.0.1:${site.ports.api}${path}`, {
      method,
      body,
      signal: AbortSignal.timeout(10_000),
    });
  const whip = async (body: string): Promise<number> =>
    (await send(`/rtc/v1/whip/?stream=hostile${random.below(1e9)}`, body)).status;

  describe('WebRTC signaling', () => {
    site.attack('SDP that is long, or has thousands of sections', async () => {
      const section = offer.slice(offer.indexOf('m=video'));
      const bodies = [
        offer + 'a=x\r\n'.repeat(200_000),
        offer + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(10_000),
        offer + section.repeat(100),
        `v=0\r\na=${'x'.repeat(60_000)}`,
        offer + 'a=ssrc:1 cname:x\r\n'.repeat(3000),
        `${offer}a=fmtp:96 ${'a=b;'.repeat(14_000)}`,
        `${offer}a=simulcast:send ${'a;'.repeat(28_000)}`,
      ];
      for (const body of bodies) {
        const status = await whip(body);
        expect(status, body.slice(-40)).toBeLessThan(500);
      }
    });

    site.attack('attributes that lie, are empty, or come twice', async () => {
      const lines = offer.split('\r\n');
      const edits: ((line: string) => string)[] = [
        (line) => line.replace(/^(a=fingerprint:).*/, '$1sha-256 '),
        (line) => line.replace(/^(a=fingerprint:).*/, '$1sha-256 AB:CD'),
        (line) => line.replace(/^(a=fingerprint:).*/, '$1md5 AB'),
        (line) => line.replace(/^a=ice-.*/, 'a=x'),
        (line) => line.replace(/^(a=mid:).*/, '$10'),
        (line) => line.replace(/^(a=[\w-]+):.*/, '$1'),
        (line) => line.replace(/^(a=[\w-]+):.*/, '$1:'),
        (line) => line.replace(/^m=.*/, 'm='),
        (line) => line.replace(/^(m=\w+ )9/, '$199999999999'),
        (line) => line.replaceAll(/\d+/g, '4294967296'),
        (line) => `${line}\r\n${line}`,
        (line) => line.slice(0, random.below(line.length + 1)),
      ];
      for (const edit of edits) {
        const status = await whip(lines.map(edit).join('\r\n'));
        expect(status, String(edit)).toBeLessThan(500);
      }
      for (let round = 0; round < 50; round += 1) {
        const body = [...offer]
          .map((letter) =>
            random.below(200) === 0 ? String.fromCharCode(random.below(256)) : letter,
          )
          .join('');
        expect(await whip(body)).toBeLessThan(500);
      }
    });

    site.attack('requests about sessions of others', async () => {
      const paths = [
        '/rtc/v1/whip/?session=a:b&token=c',
        '/rtc/v1/whip/?session=__proto__&token=constructor',
        '/rtc/v1/whip/?token=',
        `/rtc/v1/whip/?session=${'x'.repeat(8000)}&token=x`,
        '/rtc/v1/connectivity/?session=a:b&token=c',
      ];
      for (const path of paths) {
        for (const method of ['DELETE', 'PATCH', 'PUT']) {
          expect((await send(path, 'x', method)).status, path).toBeLessThan(500);
        }
      }
    });

    site.attack('JSON that is deep, or of the wrong type', async () => {
      const bodies = ['['.repeat(100_000), '{"sdp":{},"streamurl":[]}', '{"__proto__":1}', '1', ''];
      for (const body of bodies) {
        for (const path of ['/rtc/v1/publish/', '/rtc/v1/play/']) {
          const response = await send(path, body);
          expect(response.status, path).toBeLessThan(500);
          expect(((await response.json()) as { code: number }).code, path).not.toBe(0);
        }
      }
    });
  });
}
