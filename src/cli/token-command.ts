import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { makeCompactToken, makeJwt, type TokenClaims } from '../auth/token.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import { DEFAULT_VHOST, type TokenKey } from '../config/millrace-config.ts';
import { isNetwork } from '../config/schema/kinds.ts';
import { ServerError } from '../errors/server-error.ts';

const UNITS_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const ACTIONS = ['publish', 'play', 'all'];

/** What `millrace token --help` prints. */
export const TOKEN_HELP = `Makes a token that lets its holder publish or play, or a key to sign tokens with.

Usage: millrace token -c FILE [options]
       millrace token --new-key [ID]

  -c FILE           the configuration whose auth.token_key signs
  --vhost NAME      the vhost whose keys are meant; ${DEFAULT_VHOST} unless given
  --key ID          the key; the first unless given
  --action ACTION   publish, play or all; play unless given. May stand several times
  --path PATTERN    app/stream; * is any part of a segment, ** any number of segments.
                    May stand several times
  --expires TIME    how long it is good, e.g. 90s, 15m, 12h, 30d; 1h unless given
  --ip ADDRESS      address or network that may use it. May stand several times
  --subject NAME    who it is for; only a note in it
  --compact         the short form, for stream keys
  --new-key [ID]    print a token_key directive with a new secret
`;

/**
 * Runs `millrace token`.
 * @param args  those behind `token`.
 * @param nowMs  time, since 1970.
 * @return what is to be printed.
 * @throws ServerError `INVALID_ARGUMENT`; ConfigError for a configuration that is not valid.
 */
export function tokenCommand(
  args: readonly string[],
  load: Pick<LoadOptions, 'env' | 'readFile'>,
  nowMs: number,
): string {
  const { values, positionals } = readArguments(args);
  if (values.help) {
    return TOKEN_HELP;
  }
  if (values['new-key']) {
    return newKey(positionals[0]);
  }
  if (positionals.length > 0) {
    throw wrong(`"${positionals[0]}" is none of its options`);
  }
  if (values.config === undefined) {
    throw wrong('-c FILE is missing');
  }
  const { config } = loadConfig({ ...load, file: values.config });
  const vhost = config.vhosts.get(values.vhost);
  if (!vhost) {
    throw wrong(`the configuration has no vhost ${values.vhost}`);
  }
  const key = pickKey(vhost.auth.tokenKeys, values.key);
  const claims: TokenClaims = {
    expires: Math.floor(nowMs / 1000) + secondsOf(values.expires),
    actions: checked(values.action, (one) => ACTIONS.includes(one), 'no action'),
    paths: checked(values.path ?? [], (one) => !/\s/.test(one), 'no pattern'),
    addresses: checked(values.ip ?? [], isNetwork, 'no address or network'),
    subject: values.subject,
  };
  if (claims.paths.length === 0) {
    throw wrong('--path is missing; --path "**" allows every stream');
  }
  return `${values.compact ? makeCompactToken(claims, key) : makeJwt(claims, key)}\n`;
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        vhost: { type: 'string', default: DEFAULT_VHOST },
        key: { type: 'string' },
        action: { type: 'string', multiple: true, default: ['play'] },
        path: { type: 'string', multiple: true },
        expires: { type: 'string', default: '1h' },
        ip: { type: 'string', multiple: true },
        subject: { type: 'string' },
        compact: { type: 'boolean', default: false },
        'new-key': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw wrong((cause as Error).message);
  }
}

function newKey(id = new Date().toISOString().slice(0, 10)): string {
  // 32 bytes: as long as the hash, RFC 7518 §3.2.
  return `token_key ${id} ${randomBytes(32).toString('base64url')};\n`;
}

function pickKey(keys: readonly TokenKey[], id: string | undefined): TokenKey {
  const key = id === undefined ? keys[0] : keys.find((one) => one.id === id);
  if (!key) {
    throw wrong(
      id === undefined
        ? 'the vhost has no auth.token_key; millrace token --new-key makes one'
        : `the vhost has no auth.token_key ${id}`,
    );
  }
  return key;
}

function secondsOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS_S[unit] ?? 0);
  if (seconds <= 0) {
    throw wrong(`--expires ${text} is no time: write 90s, 15m, 12h or 30d`);
  }
  return seconds;
}

function checked(
  values: readonly string[],
  isGood: (value: string) => boolean,
  what: string,
): readonly string[] {
  const bad = values.find((value) => !isGood(value));
  if (bad !== undefined) {
    throw wrong(`"${bad}" is ${what}`);
  }
  return values;
}

function wrong(what: string): ServerError {
  return new ServerError('INVALID_ARGUMENT', `millrace token: ${what}`);
}
