import { describe, expect, it } from 'vitest';
import { networkOf, PendingPeers } from './pending-peers.ts';

describe('PendingPeers', () => {
  it('bounds each address by itself, and forgets who has none', () => {
    const pending = new PendingPeers();
    const first = pending.take('192.0.2.1', 2);
    const second = pending.take('192.0.2.1', 2);
    expect(() => pending.take('192.0.2.1', 2)).toThrow(/192\.0\.2\.1 has 2/);
    const other = pending.take('192.0.2.2', 2);
    first();
    first();
    const third = pending.take('192.0.2.1', 2);
    expect(() => pending.take('192.0.2.1', 2)).toThrow();
    for (const give of [second, third, other]) {
      give();
    }
    expect(pending.size).toBe(0);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('counts %s as %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network);
  });
});
