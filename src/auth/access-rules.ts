import { BlockList, isIP } from 'node:net';
import type { AccessRule, VhostConfig } from '../config/millrace-config.ts';
import { ServerError } from '../errors/server-error.ts';

/** What a peer asks for. */
export type Action = 'publish' | 'play';

/**
 * Applies `security` of a vhost: deny rules first, then at least one allow rule must match if there is
 * any. Switched on without a rule it denies everybody.
 * @param ip  address of the peer; IPv4 in IPv6 notation counts as IPv4.
 * @throws ServerError `SECURITY_NO_RULE`, `SECURITY_DENIED`, `SECURITY_NOT_ALLOWED`.
 */
export function checkAccess(security: VhostConfig['security'], action: Action, ip: string): void {
  if (!security.enabled) {
    return;
  }
  const { allow, deny } = security;
  if (allow.length === 0 && deny.length === 0) {
    throw new ServerError('SECURITY_NO_RULE');
  }
  const matches = (rule: AccessRule) => rule.action === action && isFrom(rule.from, ip);
  if (deny.some(matches)) {
    throw new ServerError('SECURITY_DENIED', `${action} from ${ip}`);
  }
  if (allow.length > 0 && !allow.some(matches)) {
    throw new ServerError('SECURITY_NOT_ALLOWED', `${action} from ${ip}`);
  }
}

/** Whether `ip` is `all`, the address, or in the network in CIDR notation. */
export function isFrom(from: string, ip: string): boolean {
  if (from === 'all') {
    return true;
  }
  const [network = '', bits] = from.split('/');
  const family = isIP(network);
  const peer = plainAddress(ip);
  if (family === 0 || isIP(peer) !== family) {
    return false;
  }
  const list = new BlockList();
  const type = family === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(network, bits === undefined ? (family === 6 ? 128 : 32) : Number(bits), type);
  return list.check(peer, type);
}

/** A listener on `::` sees IPv4 peers as `::ffff:192.0.2.1` (RFC 4291 §2.5.5.2). */
export function plainAddress(ip: string): string {
  const found = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  return found?.[1] ?? ip;
}
