import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

const HASH =
  '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI';
const KEY = 'token_key a 0123456789abcdef0123456789abcdef;';

const load = (vhost: string, root = '') =>
  loadConfig({
    file: 'x.conf',
    env: {},
    readFile: () => `listen 1935; ${root} vhost __defaultVhost__ { ${vhost} }`,
  });

describe('http_hooks', () => {
  it.each(['127.0.0.1:8085/x', 'ftp://a/', 'http://', 'http://[::1/'])('cannot call %s', (url) => {
    expect(() => load(`http_hooks { enabled on; on_play http://a/ ${url}; }`)).toThrow(
      `vhost.http_hooks.on_play: "${url}" is no url that can be called`,
    );
    expect(() => load(`http_hooks { enabled off; on_play ${url}; }`)).not.toThrow();
  });

  it('takes templates for on_hls_notify', () => {
    const url = 'http://127.0.0.1:8085/[server_id]/[app]/[stream]/[ts_url][param]';
    expect(load(`http_hooks { enabled on; on_hls_notify ${url}; }`).accepted).toEqual([]);
  });
});

it('a heartbeat needs a url', () => {
  expect(() => load('', 'heartbeat { enabled on; url x; }')).toThrow(
    'heartbeat.url: "x" is no url',
  );
  expect(load('', 'heartbeat { enabled on; }').accepted).toEqual([]);
});

describe('auth', () => {
  it('is read', () => {
    const { config } = load(`auth { enabled on; play off; ${KEY} user u ${HASH} all:** play:x; }`);
    expect(config.vhosts.get('__defaultVhost__')?.auth).toEqual({
      enabled: true,
      publish: true,
      play: false,
      tokenKeys: [{ id: 'a', secret: '0123456789abcdef0123456789abcdef' }],
      tokenParam: 'token',
      clockSkewMs: 5000,
      users: [
        {
          name: 'u',
          hash: HASH,
          rights: [
            { action: 'all', path: '**' },
            { action: 'play', path: 'x' },
          ],
        },
      ],
    });
  });

  it.each([
    ['', 'has neither token_key nor user'],
    ['token_key a short;', 'the secret of "a" is shorter than 32 bytes'],
    [`token_key a.b ${'x'.repeat(32)};`, '"a.b" is no key'],
    [`${KEY} ${KEY}`, 'there are two keys "a"'],
    ['user u plain all:**;', 'user "u" has no hash of a password'],
    [`user u ${HASH};`, 'there is no right'],
    [`user u ${HASH} watch:**;`, '"watch:**" is no right'],
    [`user u ${HASH} all:**; user u ${HASH} all:**;`, 'there are two users "u"'],
  ])('is not { %s }', (text, why) => {
    expect(() => load(`auth { enabled on; ${text} }`)).toThrow(why);
  });

  it('does not say what a secret is', () => {
    expect(() => load('auth { enabled on; token_key a geheim; }')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('geheim') }) as Error,
    );
  });
});

describe('auth and HLS', () => {
  const root = 'http_server { enabled on; dir ./html; }';
  const with_ =
    (hls: string, auth = '') =>
    () =>
      load(`auth { enabled on; ${KEY} ${auth} } hls { enabled on; ${hls} }`, root);

  it('do not go together where files are served to everybody', () => {
    expect(with_('hls_path ./html;')).toThrow('vhost.hls.hls_path: lies in ./html');
    expect(with_('hls_path html/deeper;')).toThrow('vhost.hls.hls_path');
    expect(with_('hls_path ./html/../html;')).toThrow('vhost.hls.hls_path');
    expect(with_('hls_path ./html-of-others;')).not.toThrow();
    expect(with_('hls_path ./html; hls_memory_only on;')).not.toThrow();
    expect(with_('hls_path ./html;', 'play off;')).not.toThrow();
  });

  it('do not go together where nobody would be asked', () => {
    expect(with_('hls_path ./x; hls_ctx off;')).toThrow('vhost.hls.hls_ctx: is off');
  });
});
