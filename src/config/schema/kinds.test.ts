import { describe, expect, it } from 'vitest';
import * as kinds from './kinds.ts';

function read(kind: kinds.Kind<unknown>, ...words: string[]): unknown {
  const reading = kind.read([words]);
  return 'fault' in reading ? `fault: ${reading.fault}` : reading.value;
}

describe('kinds of values', () => {
  it.each([
    ['on', true, true],
    ['off', false, false],
    ['true', false, true],
    ['1', false, true],
    ['ON', false, true],
    ['OFF', false, true],
    ['no', false, true],
  ])('%j is %s as B0 and %s as B1', (word, b0, b1) => {
    expect(read(kinds.B0, word)).toBe(b0);
    expect(read(kinds.B1, word)).toBe(b1);
  });

  it('keeps durations in milliseconds', () => {
    expect(read(kinds.MILLISECONDS, '350.9')).toBe(350);
    expect(read(kinds.FLOAT_MILLISECONDS, '10.5')).toBe(10.5);
    expect(read(kinds.SECONDS, '1.5')).toBe(1500);
    expect(read(kinds.SECONDS, '0.0001')).toBe(0);
    expect(read(kinds.WHOLE_SECONDS, '9.9')).toBe(9000);
    expect(read(kinds.SECONDS, '1e300')).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  });

  it('reads words of a set, and others as the table says', () => {
    const strict = kinds.oneOf(['a', 'b'], undefined);
    expect(read(strict, 'b')).toBe('b');
    expect(read(strict, 'B')).toBe('fault: "B" is none of a, b');
    expect(read(kinds.oneOf(['a', 'b'], 'a'), 'c')).toBe('a');
  });

  it('reads several endpoints', () => {
    expect(read(kinds.ENDPOINTS, '1935', '[::1]:1936')).toEqual([
      { address: '0.0.0.0', port: 1935 },
      { address: '::1', port: 1936 },
    ]);
    expect(read(kinds.ENDPOINTS, '1935', 'x')).toContain('fault: "x" is no endpoint');
  });

  it.each([
    ['play', 'all'],
    ['publish', '10.0.0.1'],
    ['publish', '10.0.0.0/8'],
    ['play', '::1'],
    ['play', '2001:db8::/32'],
  ])('takes the access rule %s %s', (action, from) => {
    expect(read(kinds.ACCESS_RULES, action, from)).toEqual([{ action, from }]);
  });

  it.each([
    ['watch', 'all'],
    ['play', ''],
    ['play', 'localhost'],
    ['play', '10.0.0.0/33'],
    ['play', '10.0.0.0/'],
    ['play', '10.0.0.0/8/8'],
    ['play', 'all/8'],
    ['play', '::/129'],
  ])('refuses the access rule %s %s: a rule that matches nobody protects nothing', (...words) => {
    expect(read(kinds.ACCESS_RULES, ...words)).toContain('fault: ');
  });
});
