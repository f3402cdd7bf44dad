import { isIP } from 'node:net';
import { type Endpoint, formatEndpoint } from '../config/endpoint.ts';
import type { MillraceConfig } from '../config/millrace-config.ts';

/**
 * What to say at the start when anybody who reaches a port may use the API; undefined when nobody from
 * outside this machine can, or a password is asked for.
 */
export function openApiWarning({ httpApi }: MillraceConfig): string | undefined {
  if (!httpApi.enabled || httpApi.auth.enabled) {
    return undefined;
  }
  const open = [...httpApi.listen, ...(httpApi.https.enabled ? httpApi.https.listen : [])].filter(
    (endpoint) => !isLoopback(endpoint),
  );
  if (open.length === 0) {
    return undefined;
  }
  return (
    `the HTTP API (listen ${open.map(formatEndpoint).join(' ')}) asks nobody for a password: whoever ` +
    'reaches it sees and ends clients. Set http_api.auth, or listen on 127.0.0.1'
  );
}

function isLoopback({ address }: Endpoint): boolean {
  return isIP(address) === 4 ? address.startsWith('127.') : address === '::1';
}
