import { networkInterfaces } from 'node:os';

/** IPv4 addresses of this machine that others can reach, in the order of its interfaces. */
export function localAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
