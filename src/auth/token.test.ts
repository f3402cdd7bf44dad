import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  checkToken,
  MAX_TOKEN_BYTES,
  makeCompactToken,
  makeJwt,
  type TokenClaims,
  type WantedRight,
} from './token.ts';

const key = { id: '2026a', secret: '0123456789abcdef0123456789abcdef' };
const other = { id: '2025z', secret: 'fedcba9876543210fedcba9876543210' };
const rules = { keys: [key, other], clockSkewMs: 5000 };
/** 2026-11-26T18:00:00Z. */
const NOW_S = 1_795_716_000;

const play: WantedRight = {
  action: 'play',
  vhost: '__defaultVhost__',
  path: 'live/a',
  ip: '192.0.2.7',
};

function claims(changes: Partial<TokenClaims> = {}): TokenClaims {
  return { expires: NOW_S + 60, actions: ['play'], paths: ['live/*'], addresses: [], ...changes };
}

const check = (token: string, wanted = play, nowS = NOW_S) =>
  checkToken(token, rules, wanted, nowS * 1000);
const code = (name: string) => expect.objectContaining({ code: name }) as Error;

/** A JWT of any header and payload, signed as HS256. */
function jwt(header: unknown, payload: unknown, secret = key.secret): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const header = { alg: 'HS256', typ: 'JWT', kid: key.id };
const payload = { exp: NOW_S + 60, act: 'play', path: 'live/*' };

describe.each([
  ['a JWT', makeJwt],
  ['a token of the short form', makeCompactToken],
])('%s', (_, make) => {
  it('allows what it says', () => {
    expect(check(make(claims(), key))).toMatchObject({ paths: ['live/*'] });
    expect(check(make(claims({ actions: ['all'] }), key))).toBeTruthy();
    expect(check(make(claims({ addresses: ['192.0.2.0/24', '::1'] }), key))).toBeTruthy();
  });

  it.each([
    ['another action', { actions: ['publish'] }],
    ['another path', { paths: ['other/*'] }],
    ['another address', { addresses: ['198.51.100.1'] }],
  ])('does not allow %s', (__, changes) => {
    expect(() => check(make(claims(changes), key))).toThrow(code('RIGHT_MISSING'));
  });

  it('expires, give or take the skew of clocks', () => {
    const token = make(claims(), key);
    expect(check(token, play, NOW_S + 65)).toBeTruthy();
    expect(() => check(token, play, NOW_S + 66)).toThrow(code('TOKEN_EXPIRED'));
  });

  it('may be signed by any key that is configured', () => {
    expect(check(make(claims(), other))).toBeTruthy();
    const unknown = { ...key, id: 'unknown' };
    expect(() => check(make(claims(), unknown))).toThrow(code('TOKEN_INVALID'));
    const wrong = { ...key, secret: other.secret };
    expect(() => check(make(claims(), wrong))).toThrow(code('TOKEN_INVALID'));
  });

  it('is not valid when any of its bytes is another', () => {
    const token = make(claims(), key);
    for (let at = 0; at < token.length; at += 1) {
      // The last character of a base64 text has bits that mean nothing.
      const changed = token[at] === 'A' ? 'Q' : 'A';
      const forged = token.slice(0, at) + changed + token.slice(at + 1);
      if (at !== token.length - 1) {
        expect(() => check(forged), forged).toThrow(code('TOKEN_INVALID'));
      }
    }
    for (let length = 0; length < token.length - 1; length += 1) {
      expect(() => check(token.slice(0, length))).toThrow(code('TOKEN_INVALID'));
    }
  });

  it('goes unchanged through a query', () => {
    const token = make(claims(), key);
    expect(encodeURIComponent(token)).toBe(token);
  });
});

describe('a JWT', () => {
  // Signed by an independent implementation: see the command.
  // printf '%s' HEADER.PAYLOAD | openssl dgst -sha256 -hmac SECRET -binary | base64url
  it('of another maker is taken', () => {
    expect(check(jwt(header, payload))).toBeTruthy();
    expect(check(jwt({ alg: 'HS256' }, payload, other.secret))).toBeTruthy();
    const lists = {
      ...payload,
      act: ['publish', 'play'],
      path: ['x', 'live/a'],
      ip: ['192.0.2.7'],
    };
    expect(check(jwt(header, lists))).toBeTruthy();
  });

  it.each([
    ['no algorithm', { ...header, alg: 'none' }],
    ['an algorithm in other letters', { ...header, alg: 'hs256' }],
    ['another algorithm', { ...header, alg: 'HS512' }],
    ['an algorithm of public keys', { ...header, alg: 'RS256' }],
    ['extensions that must be understood', { ...header, crit: ['b64'], b64: false }],
    ['a number as key id', { ...header, kid: 1 }],
    ['a header that is a list', []],
  ])('with %s is not valid', (_, wrong) => {
    expect(() => check(jwt(wrong, payload))).toThrow(code('TOKEN_INVALID'));
  });

  it('without a signature is not valid', () => {
    const [head, body] = jwt({ alg: 'none' }, payload).split('.');
    expect(() => check(`${head}.${body}.`)).toThrow(code('TOKEN_INVALID'));
    expect(() => check(`${head}.${body}`)).toThrow(code('TOKEN_INVALID'));
  });

  it.each([
    ['no expiry', { ...payload, exp: undefined }],
    ['an expiry that is text', { ...payload, exp: '2030-01-01' }],
    ['no action', { ...payload, act: undefined }],
    ['no path', { ...payload, path: undefined }],
    ['a path that is a number', { ...payload, path: [1] }],
    ['an address that is none', { ...payload, ip: 7 }],
    ['a payload that is no object', 'text'],
  ])('with %s is not valid', (_, wrong) => {
    expect(() => check(jwt(header, wrong))).toThrow(code('TOKEN_INVALID'));
  });

  it('is good from its nbf on', () => {
    const token = jwt(header, { ...payload, nbf: NOW_S + 10 });
    expect(() => check(token)).toThrow(code('TOKEN_EXPIRED'));
    expect(check(token, play, NOW_S + 5)).toBeTruthy();
  });

  it('may be for one vhost', () => {
    const token = makeJwt(claims({ vhost: 'a.example' }), key);
    expect(() => check(token)).toThrow(code('RIGHT_MISSING'));
    expect(check(token, { ...play, vhost: 'a.example' })).toBeTruthy();
  });
});

describe('the short form', () => {
  it('is what docs/access.md says', () => {
    const scope = Buffer.from('play live/*').toString('base64url');
    const signed = `m1.2026a.${NOW_S + 60}.${scope}`;
    const mac = createHmac('sha256', key.secret).update(signed).digest().subarray(0, 16);
    expect(makeCompactToken(claims(), key)).toBe(`${signed}.${mac.toString('base64url')}`);
  });

  it('has no place for some things', () => {
    for (const changes of [{ actions: ['publish', 'play'] }, { vhost: 'a' }, { subject: 'x' }]) {
      expect(() => makeCompactToken(claims(changes), key)).toThrow(code('INVALID_ARGUMENT'));
    }
  });

  it.each([
    'm1',
    'm1....',
    'm1.2026a.x.y.z',
    'm1.2026a.1e9.cGxheSBsaXZlLyo.AAAAAAAAAAAAAAAAAAAAAA',
  ])('is not %s', (token) => {
    expect(() => check(token)).toThrow(code('TOKEN_INVALID'));
  });
});

describe('a token', () => {
  it('that is very long is not looked at', () => {
    expect(() => check('a'.repeat(MAX_TOKEN_BYTES + 1))).toThrow(code('TOKEN_INVALID'));
  });

  it.each(['', '.', '..', '...', 'eyJ', '{"alg":"HS256"}', 'a.b.c', '\u0000.\u0000.\u0000'])(
    'is not "%s"',
    (token) => {
      expect(() => check(token)).toThrow(code('TOKEN_INVALID'));
    },
  );
});
