import { describe, expect, it } from 'vitest';
import { formatEndpoint, parseEndpoint, sameEndpoints } from './endpoint.ts';

describe('parseEndpoint', () => {
  it.each<[string, string, number]>([
    ['1935', '0.0.0.0', 1935],
    ['0', '0.0.0.0', 0],
    ['65535', '0.0.0.0', 65535],
    [':1935', '0.0.0.0', 1935],
    ['*:1935', '0.0.0.0', 1935],
    ['127.0.0.1:1935', '127.0.0.1', 1935],
    ['[::]:1935', '::', 1935],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
  ])('reads %s and writes it back', (text, address, port) => {
    const endpoint = parseEndpoint(text);
    expect(endpoint).toEqual({ address, port });
    expect(endpoint && parseEndpoint(formatEndpoint(endpoint))).toEqual(endpoint);
  });

  it.each([
    '',
    'x',
    '-1',
    '65536',
    '123456',
    '1935x',
    '127.0.0.1',
    '127.0.0.1:',
    '256.0.0.1:80',
    'localhost:1935',
    '::1:1935',
    '[::1]',
    '[::1:1935',
    '[127.0.0.1]:1935',
    '[]:1935',
    'rtmp://127.0.0.1:1935',
  ])('refuses %j', (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });
});

describe('sameEndpoints', () => {
  const one = { address: '0.0.0.0', port: 1 };
  const two = { address: '0.0.0.0', port: 2 };

  it('compares lists in order', () => {
    expect(sameEndpoints([one, two], [{ ...one }, { ...two }])).toBe(true);
    expect(sameEndpoints([one, two], [two, one])).toBe(false);
    expect(sameEndpoints([one], [one, two])).toBe(false);
    expect(sameEndpoints([one], [{ ...one, address: '127.0.0.1' }])).toBe(false);
  });

  it('takes ports that the system is to choose for different ones', () => {
    expect(sameEndpoints([{ ...one, port: 0 }], [{ ...one, port: 0 }])).toBe(false);
  });
});
