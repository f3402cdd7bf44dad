import { isIP } from 'node:net';
import { plainAddress } from '../../auth/access-rules.ts';
import { ServerError } from '../../errors/server-error.ts';

/**
 * Counts, for each address, the offers that wait for their answer and the sessions that are not connected
 * yet. An IPv6 address counts as its /64, which is what one customer gets (RFC 6177).
 */
export class PendingPeers {
  readonly #counts = new Map<string, number>();

  /**
   * @return gives the place back; may be called again.
   * @throws ServerError `RTC_TOO_MANY_PENDING` when the address has `limit` of them.
   */
  take(ip: string, limit: number): () => void {
    const key = networkOf(ip);
    const count = this.#counts.get(key) ?? 0;
    if (count >= limit) {
      throw new ServerError('RTC_TOO_MANY_PENDING', `${ip} has ${count}`);
    }
    this.#counts.set(key, count + 1);
    let taken = true;
    return () => {
      if (taken) {
        taken = false;
        this.#give(key);
      }
    };
  }

  /** Addresses that have any. */
  get size(): number {
    return this.#counts.size;
  }

  #give(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left === 0) {
      this.#counts.delete(key);
    } else {
      this.#counts.set(key, left);
    }
  }
}

/** What counts as one address: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(ip: string): string {
  const plain = plainAddress(ip);
  if (isIP(plain) !== 6) {
    return plain;
  }
  const [head = '', tail] = plain.toLowerCase().replace(/%.*$/, '').split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  // The last group may be an IPv4 address, which stands for two.
  const length = before.length + after.length + (after.at(-1)?.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - length }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
