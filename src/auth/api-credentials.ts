import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpApi } from '../config/millrace-config.ts';

/** `http_api.auth` of the configuration. */
export type ApiAuth = HttpApi['auth'];

/**
 * Whether a request may use the API: `Basic` with the one user, or `Bearer` with one of the tokens.
 * How long it takes says nothing about how much of a secret was right.
 * @param authorization  the field of that name (RFC 7617, RFC 6750).
 */
export function mayUseApi(authorization: string | undefined, auth: ApiAuth): boolean {
  if (!auth.enabled) {
    return true;
  }
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+) *$/.exec(authorization ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'basic':
      return (
        hasUser(auth) &&
        isSame(Buffer.from(credentials, 'base64'), Buffer.from(`${auth.username}:${auth.password}`))
      );
    case 'bearer': {
      // All are compared, so that the time does not tell which one it was.
      const matches = auth.tokens.filter((token) =>
        isSame(Buffer.from(credentials), Buffer.from(token)),
      );
      return matches.length > 0;
    }
    default:
      return false;
  }
}

/** What a client is told that it may authenticate with. */
export function apiChallenge(auth: ApiAuth): string {
  const schemes = [
    ...(hasUser(auth) ? ['Basic'] : []),
    ...(auth.tokens.length > 0 ? ['Bearer'] : []),
  ];
  return schemes.join(', ') || 'Basic';
}

/** Without a name and a password nobody is let in by them. */
export function hasUser({ username, password }: ApiAuth): boolean {
  return username !== '' && password !== '';
}

/** Digests have one length, whatever was sent. */
function isSame(given: Buffer, expected: Buffer): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
