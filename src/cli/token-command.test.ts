import { describe, expect, it } from 'vitest';
import { checkToken } from '../auth/token.ts';
import { TOKEN_HELP, tokenCommand } from './token-command.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const CONF = `listen 1935; daemon off;
vhost __defaultVhost__ { auth { enabled on; token_key new ${SECRET}; token_key old ${SECRET}x; } }
vhost a.example { }`;
const NOW_MS = 1_795_716_000_000;

const run = (...args: string[]) => tokenCommand(args, { env: {}, readFile: () => CONF }, NOW_MS);
const made = (...args: string[]) => {
  const keys = [
    { id: 'new', secret: SECRET },
    { id: 'old', secret: `${SECRET}x` },
  ];
  const wanted = {
    action: 'play',
    vhost: '__defaultVhost__',
    path: 'live/a',
    ip: '192.0.2.1',
  } as const;
  return checkToken(run('-c', 'x.conf', ...args).trim(), { keys, clockSkewMs: 0 }, wanted, NOW_MS);
};

describe('millrace token', () => {
  it('makes a token of the first key for an hour', () => {
    expect(made('--path', 'live/*')).toMatchObject({
      expires: NOW_MS / 1000 + 3600,
      paths: ['live/*'],
    });
  });

  it('takes wishes', () => {
    expect(
      made(
        ...['--path', 'x', '--path', '**', '--action', 'all', '--expires', '2d'],
        ...['--ip', '192.0.2.0/24', '--subject', 'me', '--key', 'old'],
      ),
    ).toMatchObject({
      expires: NOW_MS / 1000 + 172_800,
      subject: 'me',
      addresses: ['192.0.2.0/24'],
    });
    expect(run('-c', 'x.conf', '--path', 'live/a', '--compact')).toMatch(/^m1\.new\./);
  });

  it.each([
    [[], '-c FILE is missing'],
    [['-c', 'x.conf'], '--path is missing'],
    [['-c', 'x.conf', '--path', 'a', '--vhost', 'b.example'], 'no vhost b.example'],
    [['-c', 'x.conf', '--path', 'a', '--vhost', 'a.example'], '--new-key'],
    [['-c', 'x.conf', '--path', 'a', '--key', 'k'], 'no auth.token_key k'],
    [['-c', 'x.conf', '--path', 'a', '--expires', '1y'], '--expires 1y'],
    [['-c', 'x.conf', '--path', 'a', '--action', 'watch'], '"watch" is no action'],
    [['-c', 'x.conf', '--path', 'a', '--ip', 'all'], '"all" is no address'],
    [['-c', 'x.conf', '--path', 'a', '--nothing'], "'--nothing'"],
    [['-c', 'x.conf', 'live/a'], '"live/a"'],
  ])('%j says "%s"', (args, why) => {
    expect(() => run(...args)).toThrow(why);
  });

  it('makes keys, and explains itself', () => {
    expect(run('--new-key', 'k')).toMatch(/^token_key k [\w-]{43};\n$/);
    expect(run('-h')).toBe(TOKEN_HELP);
  });
});
