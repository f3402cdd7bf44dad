import { describe, expect, it } from 'vitest';
import { Decimal, type JsonValue, writeJson } from './json.ts';
import { isShallow } from './json-body.ts';

describe('JSON of the API', () => {
  it.each<[JsonValue, string]>([
    [{ code: 0, b: 'ü"\\\n', c: null, d: true }, '{"code":0,"b":"ü\\"\\\\\\n","c":null,"d":true}'],
    [{ list: [1, [], {}, 'a'] }, '{"list":[1,[],{},"a"]}'],
    [{ left: undefined, right: 1 }, '{"right":1}'],
    [[undefined], '[null]'],
    [
      [new Decimal(0), new Decimal(2), new Decimal(0.034), new Decimal(-1.005), new Decimal(1e9)],
      '[0.00,2.00,0.03,-1.00,1000000000.00]',
    ],
    [[new Decimal(Number.NaN), new Decimal(1 / 0), Number.NaN, 1 / 0], '[0.00,0.00,0,0]'],
    [{ rsslim: 18_446_744_073_709_551_615n }, '{"rsslim":18446744073709551615}'],
    ['</script>', '"</script>"'],
  ])('case %#', (value, text) => {
    expect(writeJson(value)).toBe(text);
    expect(() => JSON.parse(text)).not.toThrow();
  });
});

describe('depth of a body', () => {
  it.each([
    ['{"a":[1,{"b":[]}]}', 4, true],
    ['{"a":[1,{"b":[]}]}', 3, false],
    ['"[[[[["', 0, true],
    ['"\\"[[["', 0, true],
    ['"\\\\"[', 0, false],
    ['[],[],[]', 1, true],
    [']]]][', 0, true],
  ])('%s nests at most %i deep: %s', (text, limit, expected) => {
    expect(isShallow(text, limit)).toBe(expected);
  });
});
