import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TokenKey } from '../config/millrace-config.ts';
import { ServerError } from '../errors/server-error.ts';
import { isFrom } from './access-rules.ts';
import { matchesPath } from './path-pattern.ts';

/**
 * Signed tokens: who holds one may publish or play what it says, until it expires. Two forms say the
 * same. A JSON Web Token (RFC 7519) signed with HS256 and nothing else (RFC 8725 §3.1):
 *
 *   {"alg":"HS256","typ":"JWT","kid":"2026a"} . {"exp":1798761600,"act":"play","path":"live/*"} . signature
 *
 * and a short one for stream keys and urls:
 *
 *   m1 . kid . exp . base64url("play live/*") . base64url(first 16 bytes of HMAC-SHA256 of all before)
 */

/** What a token allows, and when. Times are seconds since 1970. */
export interface TokenClaims {
  readonly expires: number;
  readonly notBefore?: number | undefined;
  readonly actions: readonly string[];
  /** Patterns, see `matchesPath`. */
  readonly paths: readonly string[];
  /** Addresses and networks that may use it; without any, all may. */
  readonly addresses: readonly string[];
  /** The only vhost it is good for. */
  readonly vhost?: string | undefined;
  /** Who it was made for. */
  readonly subject?: string | undefined;
}

/** What somebody wants to do. */
export interface WantedRight {
  readonly action: 'publish' | 'play';
  readonly vhost: string;
  /** `app/stream`. */
  readonly path: string;
  /** Address of the connection. */
  readonly ip: string;
}

/** What tokens are judged by. */
export interface TokenRules {
  /** The first signs new tokens; all of them are taken. */
  readonly keys: readonly TokenKey[];
  /** By how much the clocks of who makes tokens and of this machine may differ. */
  readonly clockSkewMs: number;
}

/** Longest token: a JWT with a long list of paths. */
export const MAX_TOKEN_BYTES = 4096;
const COMPACT = 'm1';
/** Half of the digest, which RFC 2104 §5 calls the least. */
const COMPACT_MAC_BYTES = 16;

/**
 * Checks that a token allows what is wanted. Nothing of it is believed before its signature is.
 * @throws ServerError `TOKEN_INVALID`, `TOKEN_EXPIRED`, `RIGHT_MISSING`.
 */
export function checkToken(
  token: string,
  { keys, clockSkewMs }: TokenRules,
  wanted: WantedRight,
  nowMs: number,
): TokenClaims {
  if (token.length > MAX_TOKEN_BYTES) {
    throw invalid(`longer than ${MAX_TOKEN_BYTES} bytes`);
  }
  const claims = token.startsWith(`${COMPACT}.`) ? readCompact(token, keys) : readJwt(token, keys);
  const { expires, notBefore } = claims;
  if (nowMs > expires * 1000 + clockSkewMs) {
    throw new ServerError('TOKEN_EXPIRED', `it was good until ${timeOf(expires)}`);
  }
  if (notBefore !== undefined && nowMs < notBefore * 1000 - clockSkewMs) {
    throw new ServerError('TOKEN_EXPIRED', `it is good from ${timeOf(notBefore)} on`);
  }
  checkRight(claims, wanted);
  return claims;
}

function checkRight(claims: TokenClaims, { action, vhost, path, ip }: WantedRight): void {
  const { actions, paths, addresses } = claims;
  if (!actions.includes(action) && !actions.includes('all')) {
    throw new ServerError('RIGHT_MISSING', `the token allows ${actions.join(', ')}, not ${action}`);
  }
  if (claims.vhost !== undefined && claims.vhost !== vhost) {
    throw new ServerError('RIGHT_MISSING', 'the token is for another vhost');
  }
  if (!paths.some((pattern) => matchesPath(pattern, path))) {
    throw new ServerError('RIGHT_MISSING', `the token does not name ${path}`);
  }
  if (addresses.length > 0 && !addresses.some((from) => isFrom(from, ip))) {
    throw new ServerError('RIGHT_MISSING', `the token is not for ${ip}`);
  }
}

// ---- the JSON Web Token

function readJwt(token: string, keys: readonly TokenKey[]): TokenClaims {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || head === '' || body === '' || signature === '') {
    throw invalid('neither a JWT nor of the short form');
  }
  const header = jsonOf(head);
  // The algorithm is ours to choose, never the token's.
  if (header.alg !== 'HS256') {
    throw invalid('its alg is not HS256');
  }
  if (header.crit !== undefined) {
    throw invalid('it has extensions that must be understood (crit)');
  }
  const kid = header.kid;
  if (kid !== undefined && typeof kid !== 'string') {
    throw invalid('its kid is no text');
  }
  const given = Buffer.from(signature, 'base64url');
  if (!keysFor(kid, keys).some((key) => isSigned(`${head}.${body}`, given, key, 32))) {
    throw invalid('its signature is wrong, or made with another key');
  }
  return claimsOf(jsonOf(body));
}

function claimsOf(claims: Readonly<Record<string, unknown>>): TokenClaims {
  const { exp, nbf, act, path, ip, vhost, sub } = claims;
  return {
    expires: numberOf('exp', exp),
    notBefore: nbf === undefined ? undefined : numberOf('nbf', nbf),
    actions: textsOf('act', act),
    paths: textsOf('path', path),
    addresses: ip === undefined ? [] : textsOf('ip', ip),
    vhost: vhost === undefined ? undefined : textOf('vhost', vhost),
    subject: sub === undefined ? undefined : textOf('sub', sub),
  };
}

/** Makes a JWT. */
export function makeJwt(claims: TokenClaims, { id, secret }: TokenKey): string {
  const header = { alg: 'HS256', typ: 'JWT', kid: id };
  const payload = {
    exp: claims.expires,
    nbf: claims.notBefore,
    act: oneOrAll(claims.actions),
    path: oneOrAll(claims.paths),
    ip: claims.addresses.length > 0 ? oneOrAll(claims.addresses) : undefined,
    vhost: claims.vhost,
    sub: claims.subject,
  };
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}`;
  return `${signed}.${macOf(signed, secret).toString('base64url')}`;
}

function oneOrAll(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] ?? '') : values;
}

// ---- the short form

function readCompact(token: string, keys: readonly TokenKey[]): TokenClaims {
  const [, kid = '', exp = '', scope = '', mac = '', ...rest] = token.split('.');
  if (rest.length > 0 || !/^\d{1,12}$/.test(exp) || scope === '' || mac === '') {
    throw invalid('not of the short form m1.KEY.EXPIRY.SCOPE.MAC');
  }
  const signed = token.slice(0, token.lastIndexOf('.'));
  const given = Buffer.from(mac, 'base64url');
  if (!keysFor(kid, keys).some((key) => isSigned(signed, given, key, COMPACT_MAC_BYTES))) {
    throw invalid('its signature is wrong, or made with another key');
  }
  const [action = '', path = '', ...addresses] = Buffer.from(scope, 'base64url')
    .toString()
    .split(' ');
  return { expires: Number(exp), actions: [action], paths: [path], addresses };
}

/**
 * Makes a token of the short form, which holds one action and one path.
 * @throws ServerError `INVALID_ARGUMENT` for claims that it has no place for.
 */
export function makeCompactToken(claims: TokenClaims, { id, secret }: TokenKey): string {
  const { actions, paths, addresses, expires } = claims;
  const more = claims.vhost ?? claims.subject ?? claims.notBefore;
  if (actions.length !== 1 || paths.length !== 1 || more !== undefined) {
    throw new ServerError(
      'INVALID_ARGUMENT',
      'the short form holds one action, one path, the expiry and addresses',
    );
  }
  const scope = base64url([...actions, ...paths, ...addresses].join(' '));
  const signed = `${COMPACT}.${id}.${Math.floor(expires)}.${scope}`;
  const mac = macOf(signed, secret).subarray(0, COMPACT_MAC_BYTES);
  return `${signed}.${mac.toString('base64url')}`;
}

// ---- what both share

/** Without an id any key may have signed it. */
function keysFor(kid: string | undefined, keys: readonly TokenKey[]): readonly TokenKey[] {
  return kid === undefined ? keys : keys.filter(({ id }) => id === kid);
}

function isSigned(text: string, given: Buffer, { secret }: TokenKey, length: number): boolean {
  // The length is no secret; the bytes are compared in constant time.
  return given.length === length && timingSafeEqual(macOf(text, secret).subarray(0, length), given);
}

function macOf(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function jsonOf(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch {
    // Said below, without what it was.
  }
  throw invalid('a part of it is no JSON object');
}

function numberOf(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalid(`${name} is ${value === undefined ? 'missing' : 'no number'}`);
  }
  return value;
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw invalid(`${name} is no text`);
  }
  return value;
}

/** One text, or a list of them. */
function textsOf(name: string, value: unknown): readonly string[] {
  if (value === undefined) {
    throw invalid(`${name} is missing`);
  }
  return Array.isArray(value) ? value.map((one) => textOf(name, one)) : [textOf(name, value)];
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString();
}

function invalid(why: string): ServerError {
  return new ServerError('TOKEN_INVALID', why);
}
