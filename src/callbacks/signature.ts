import { createHmac } from 'node:crypto';

/** Secrets that begin so are written in base64. */
const BASE64_PREFIX = 'whsec_';

/**
 * Headers by which a callback server knows who calls, when, and whether it was called before: the
 * scheme of Standard Webhooks (specification 1.0.0, "Signature scheme"), for which most languages have a
 * library.
 * @param id       the same for each attempt to tell one thing.
 * @param secrets  one signature is made with each, so that a server may take the old and the new while
 *                 they change; none leaves the call unsigned.
 */
export function signatureHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  nowMs: number,
): Record<string, string> {
  if (secrets.length === 0) {
    return { 'webhook-id': id };
  }
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = secrets.map(
    (secret) =>
      `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(BASE64_PREFIX)
    ? Buffer.from(secret.slice(BASE64_PREFIX.length), 'base64')
    : Buffer.from(secret);
}
