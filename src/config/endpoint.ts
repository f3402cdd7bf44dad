import { isIP } from 'node:net';

/** A local address to listen on. */
export interface Endpoint {
  /** IPv4 or IPv6 address without brackets; `0.0.0.0` and `::` mean every interface. */
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

const ANY_ADDRESS = '0.0.0.0';
const MAX_PORT = 65535;

/**
 * Reads `port`, `:port`, `*:port`, `ipv4:port` or `[ipv6]:port`.
 * @return undefined when the text is none of them.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const found = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  if (!found) {
    return undefined;
  }
  const [, ipv6, host, digits] = found;
  const port = Number(digits);
  if (port > MAX_PORT) {
    return undefined;
  }
  if (ipv6 !== undefined) {
    return isIP(ipv6) === 6 ? { address: ipv6, port } : undefined;
  }
  if (host === undefined || host === '' || host === '*') {
    return { address: ANY_ADDRESS, port };
  }
  return isIP(host) === 4 ? { address: host, port } : undefined;
}

/** `address:port` as it stands in a url: IPv6 in brackets (RFC 3986 §3.2.2). */
export function authority({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The text that {@link parseEndpoint} reads back; the address is left out when it is every IPv4 one. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.address === ANY_ADDRESS ? String(endpoint.port) : authority(endpoint);
}

/**
 * Whether both lists hold the same endpoints in the same order: how SRS compares `listen` values. Port 0
 * names no port yet, so that two of them are two.
 */
export function sameEndpoints(some: readonly Endpoint[], others: readonly Endpoint[]): boolean {
  return (
    some.length === others.length &&
    some.every((endpoint, at) => {
      const other = others[at];
      const { address, port } = endpoint;
      return port !== 0 && address === other?.address && port === other.port;
    })
  );
}
