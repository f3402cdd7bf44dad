import { describe, expect, it } from 'vitest';
import { readMachineLimits, runsInDocker } from './machine.ts';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             15340                15340                processes
Max open files            1024                 524288               files
`;

function unreadable(): never {
  throw new Error('ENOENT');
}

describe('readMachineLimits', () => {
  it('reads the soft limit of open files', () => {
    expect(readMachineLimits(() => LIMITS).openFiles).toBe(1024);
  });

  it.each([
    () => 'Max open files            unlimited            unlimited            files',
    () => '',
    unreadable,
  ])('knows nothing where there is no limit to be read', (readFile) => {
    expect(readMachineLimits(readFile)).not.toHaveProperty('openFiles');
  });

  it('counts the addresses of this machine', () => {
    expect(readMachineLimits().localAddresses).toBeGreaterThanOrEqual(1);
  });
});

describe('runsInDocker', () => {
  it.each([
    ['12:cpu:/docker/0123456789ab\n', true],
    ['0::/init.scope\n', false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(runsInDocker(() => text)).toBe(expected);
  });

  it('is false where there are no control groups', () => {
    expect(runsInDocker(unreadable)).toBe(false);
  });
});
