import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/auth/password.ts';
import { makeCompactToken, makeJwt, type TokenClaims } from '../../src/auth/token.ts';
import { clip } from '../support/clips.ts';
import { isVideo } from '../support/flv.ts';
import { fetchBytes, playlist } from '../support/hls-viewer.ts';
import { viewFlv } from '../support/http-flv.ts';
import { launcher } from '../support/launched-server.ts';
import { MediaServer } from '../support/media-server.ts';
import { Peers } from '../support/peers.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

const key = { id: 'k1', secret: '0123456789abcdef0123456789abcdef' };
const old = { id: 'k0', secret: 'fedcba9876543210fedcba9876543210' };

let server: MediaServer;
const peers = new Peers();
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  const hash = await hashPassword('s3cret');
  server = await MediaServer.start({
    vhost: `
      auth { enabled on;
        token_key ${key.id} ${key.secret};
        token_key ${old.id} ${old.secret};
        user cam ${hash} publish:live/cam-*;
        user eve ${hash} play:**;
      }
      hls { enabled on; hls_fragment 1; hls_window 60; hls_memory_only on; hls_ts_ctx off; }
    `,
  });
}, 60_000);
afterEach(async () => {
  await Promise.all([scene.clear(), peers.clear()]);
});
afterAll(() => server.stop());

function token(changes: Partial<TokenClaims> = {}, by = key, make = makeJwt): string {
  return make(
    {
      expires: Math.floor(Date.now() / 1000) + 600,
      actions: ['play'],
      paths: ['live/*'],
      addresses: [],
      ...changes,
    },
    by,
  );
}

const publish = { actions: ['publish'] };
const expired = { expires: Math.floor(Date.now() / 1000) - 3600 };
const three = { enough: (tags: readonly { type: number }[]) => tags.filter(isVideo).length >= 3 };
const publishing = (stream: string) =>
  scene.publishing(`${stream}?token=${token(publish)}`, { burstMs: 2600 });

describe('publishers', () => {
  it('from FFmpeg are let in with a token, and told why not', async () => {
    const file = clip('h264-bframes-aac.flv');
    const good = peers.publish(file, server.rtmp(`live/ff?token=${token(publish)}`));
    const late = { ...publish, ...expired };
    const bad = peers.publish(file, server.rtmp(`live/ff2?token=${token(late)}`));
    const { status, stderr } = await bad.done;
    expect(status).not.toBe(0);
    expect(stderr).toContain('the token is not valid at this time');
    await server.published('/live/ff');
    await good.stop();
  }, 60_000);

  it.each([
    ['a token', () => `token=${token(publish)}`],
    ['a token of the short form', () => `token=${token(publish, key, makeCompactToken)}`],
    ['a token of the key before', () => `token=${token(publish, old)}`],
    ['user and password', () => 'user=cam&pass=s3cret'],
  ])('are let in with %s', async (_, query) => {
    await scene.publishing(`cam-1?${query()}`, { burstMs: 100 });
  });

  it.each([
    ['nothing', () => '', 'a token or a user with a password is needed'],
    ['a token to play', () => `token=${token()}`, 'token or user does not allow this'],
    [
      'a token for another path',
      () => `token=${token({ ...publish, paths: ['x/*'] })}`,
      'token or user does not allow this',
    ],
    [
      'a token of a key that is not known',
      () => `token=${token(publish, { ...key, id: 'k9' })}`,
      'the token is not valid',
    ],
    ['a wrong password', () => 'user=cam&pass=wrong', 'user or password is wrong'],
    ['a user without the right', () => 'user=eve&pass=s3cret', 'token or user does not allow this'],
  ])('are refused with %s, and told so', async (_, query, why) => {
    const peer = await scene.connected();
    await peer.call('createStream', null);
    peer.command('publish', 3, null, `cam-2?${query()}`, 'live');
    const told = await peer.status('NetStream.Publish.Rejected');
    expect(JSON.stringify(told)).toContain(why);
    await peer.end();
  });

  it('leave no secrets in the log', () => {
    expect(server.log).not.toMatch(/eyJ|s3cret|m1\.k1/);
    expect(server.log).toContain('token=***');
  });
});

describe('players', () => {
  it('of RTMP need a token', async () => {
    await publishing('a');
    const player = await scene.playing(`a?token=${token()}`);
    await player.takeMedia('video');
    const refused = await scene.connected();
    await refused.call('createStream', null);
    refused.command('play', 0, null, 'a');
    await refused.status('NetStream.Play.Failed');
  });

  it('of HTTP-FLV may have it in the query or the header', async () => {
    await publishing('b');
    const url = server.http('/live/b.flv');
    const basic = Buffer.from('eve:s3cret').toString('base64');
    for (const [target, headers] of [
      [`${url}?token=${token()}`, {}],
      [url, { Authorization: `Bearer ${token()}` }],
      [url, { Authorization: `Basic ${basic}` }],
    ] as const) {
      const { status, tags } = await viewFlv(target, { ...three, headers });
      expect(status).toBe(200);
      expect(tags.filter(isVideo).length).toBeGreaterThanOrEqual(3);
    }
    const seen = await peers.watch(`${url}?token=${token()}`, 1).output();
    expect(seen).toContain('"codec_name": "h264"');
  });

  it.each([
    ['nothing', () => '', 401],
    ['a token that has expired', () => `?token=${token(expired)}`, 401],
    ['a broken token', () => '?token=eyJ.eyJ.x', 401],
    ['a token for another path', () => `?token=${token({ paths: ['live/other'] })}`, 403],
    ['a token for another address', () => `?token=${token({ addresses: ['192.0.2.1'] })}`, 403],
  ])('over HTTP with %s get a status', async (_, query, status) => {
    for (const path of ['/live/c.flv', '/live/hls.m3u8']) {
      if (path.endsWith('m3u8')) {
        await publishing('hls');
      }
      const answer = await fetch(server.http(path + query()));
      expect(answer.status, path).toBe(status);
      expect(answer.headers.get('www-authenticate')).toBe(
        status === 401 ? 'Bearer realm="millrace"' : null,
      );
      await scene.clear();
    }
  });
});

describe('HLS', () => {
  it('inherits the right of the first request, and segments are the same for all', async () => {
    await publishing('d');
    const lists = await Promise.all(
      [`?token=${token()}`, '?user=eve&pass=s3cret'].map((query) =>
        playlist(server.http(`/live/d.m3u8${query}`), ({ segments }) => segments.length >= 2),
      ),
    );
    const [first, second] = lists.map(({ segments }) => segments[0]?.url ?? '');
    expect(first).toBe(second);
    // Nobody finds them who was not told: the number alone is no name.
    expect(first).toMatch(/\/live\/d-0-[0-9a-z]{16}\.ts$/);
    expect((await fetch(server.http('/live/d-0.ts'))).status).toBe(404);
    expect((await fetchBytes(first ?? '')).length % 188).toBe(0);
    // The session carries the right: the token is not needed again, but stays for another server.
    const media = new URL(lists[0]?.url ?? '');
    expect(media.searchParams.get('token')).toBeTruthy();
    media.searchParams.delete('token');
    expect((await fetch(media)).status).toBe(200);
    media.searchParams.set('hls_ctx', 'strange1');
    expect((await fetch(media)).status).toBe(401);
  });
});

describe('the command line', () => {
  const run = (args: readonly string[], input = '') =>
    execFileSync(process.execPath, [launcher, ...args], {
      input,
      cwd: server.place.folder,
    }).toString();

  it('makes tokens that the server takes', async () => {
    const file = `${server.place.folder}/test.conf`;
    const made = [['--compact'], ['--key', 'k0', '--ip', '127.0.0.0/8']].map((more) =>
      run(['token', '-c', file, '--path', 'live/e', '--expires', '5m', ...more]).trim(),
    );
    await publishing('e');
    for (const one of made) {
      const { status } = await viewFlv(server.http(`/live/e.flv?token=${one}`), three);
      expect(status).toBe(200);
    }
  }, 60_000);

  it('says what is wrong with what was typed', () => {
    const { status, stderr } = spawnSync(process.execPath, [launcher, 'token', '--expires']);
    expect(status).not.toBe(0);
    expect(stderr.toString()).toMatch(/^millrace token: .*--expires/);
  }, 60_000);

  it('makes lines of the configuration', () => {
    expect(run(['token', '--new-key', 'k2'])).toMatch(/^token_key k2 [\w-]{43};\n$/);
    expect(run(['passwd', 'bob', 'play:live/*'], 'geheim\n')).toMatch(
      /^user bob \$scrypt\$ln=14,r=8,p=5\$\S+ play:live\/\*;\n$/,
    );
  }, 60_000);
});
