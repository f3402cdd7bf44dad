import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { RawPeer } from '../support/raw-peer.ts';
import type { Site } from '../support/site.ts';

const SECRET = 'the-secret-of-the-folder-above';

/** Ways to write `..` and `/` that a server may decode too late, too often or not at all. */
const traversals = [
  '/../secret.txt',
  '/./../secret.txt',
  '/a/../../secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e/secret.txt',
  '/%2e%2e%2fsecret.txt',
  '/%252e%252e%252fsecret.txt',
  '/%25252e%25252e%25252fsecret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/%c0%ae%c0%ae/secret.txt',
  '/%e0%80%ae%e0%80%ae/secret.txt',
  '/%uff0e%uff0e/secret.txt',
  '/.%00./secret.txt',
  '/..%00/secret.txt',
  '/../secret.txt%00.flv',
  '//../secret.txt',
  '/..;/secret.txt',
  '/....//secret.txt',
  '/%2e%2e%5csecret.txt',
  '/sub/%2e%2e/%2e%2e/secret.txt',
  '/link.txt',
  '/linked/secret.txt',
  '/link-absolute.txt',
  'http://a/../secret.txt',
  'file:///secret.txt',
  '/live/../../secret.txt',
  '/live/..%2f..%2fsecret.flv',
];

export function httpPaths(site: Site): void {
  const ask = async (target: string, more = '', port = site.ports.http) => {
    const peer = await RawPeer.dial(port);
    peer.send(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}Connection: close\r\n\r\n`);
    await peer.closedWithin(8000);
    return peer.text;
  };

  describe('HTTP paths', () => {
    site.attack('no spelling and no link leads out of the folder', async () => {
      writeFileSync(join(site.folder, 'secret.txt'), SECRET);
      mkdirSync(join(site.folder, 'html/sub'), { recursive: true });
      const link = (target: string, name: string) =>
        symlinkSync(target, join(site.folder, 'html', name));
      link('../secret.txt', 'link.txt');
      link('..', 'linked');
      link(join(site.folder, 'secret.txt'), 'link-absolute.txt');
      for (const port of [site.ports.http, site.ports.api]) {
        await Promise.all(
          traversals.map(async (target) => {
            const answer = await ask(target, '', port);
            // As in SRS, the root of the API answers for whatever is not there; it serves no files.
            if (port === site.ports.http) {
              expect(answer, target).toMatch(/^HTTP\/1\.1 4\d\d /);
            }
            expect(answer, target).not.toContain(SECRET);
          }),
        );
      }
    });

    site.attack('nothing that is asked for comes back as markup, or as a field', async () => {
      mkdirSync(join(site.folder, 'html/folder'), { recursive: true });
      const targets = [
        '/%3Cscript%3Ealert(1)%3C/script%3E',
        '/x?callback=%3Cscript%3Ealert(1)%3C/script%3E',
        '/api/v1/versions?callback=%3Cscript%3Ealert(1)%3C/script%3E',
        '/api/v1/%3Cscript%3Ealert(1)%3C/script%3E',
        '/folder%0d%0aSet-Cookie:%20forged=1',
        '/folder?%0d%0aSet-Cookie:%20forged=1',
        '/%0d%0aSet-Cookie:%20forged=1/..',
      ];
      for (const port of [site.ports.http, site.ports.api]) {
        for (const target of targets) {
          const answer = await ask(target, '', port);
          expect(answer, target).not.toContain('<script>');
          expect(answer, target).not.toMatch(/^Set-Cookie/im);
        }
      }
    });

    site.attack('no redirect leads to another host', async () => {
      mkdirSync(join(site.folder, 'html/evil.example'), { recursive: true });
      for (const target of [
        '//evil.example',
        '//evil.example/..',
        '/%2fevil.example',
        '/\\evil.example',
        '/folder',
      ]) {
        const answer = await ask(target, 'X-Forwarded-Host: evil.example\r\n');
        const location = /^Location: (.*)\r$/im.exec(answer)?.[1] ?? '/';
        expect(location, target).toMatch(/^\/(?![/\\])|^http:\/\/127\.0\.0\.1[:/]/);
      }
    });
  });
}
