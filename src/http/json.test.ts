import { describe, expect, it } from 'vitest';
import { JsonNumber, type JsonValue, writeJson } from './json.ts';
import { isShallow } from './json-body.ts';

const { decimal, whole } = JsonNumber;

describe('JSON of the API', () => {
  it.each<[JsonValue, string]>([
    [{ code: 0, b: 'ü"\\\n', c: null, d: true }, '{"code":0,"b":"ü\\"\\\\\\n","c":null,"d":true}'],
    [{ list: [1, [], {}, 'a'] }, '{"list":[1,[],{},"a"]}'],
    [{ left: undefined, right: 1 }, '{"right":1}'],
    [undefined, 'null'],
    [
      [decimal(0), decimal(2), decimal(0.034), decimal(-1.005), decimal(1e9)],
      '[0.00,2.00,0.03,-1.00,1000000000.00]',
    ],
    [[decimal(Number.NaN), decimal(1 / 0)], '[0.00,0.00]'],
    [
      { rsslim: whole(18_446_744_073_709_551_615n), pid: whole(-1n) },
      '{"rsslim":18446744073709551615,"pid":-1}',
    ],
    ['0.00', '"0.00"'],
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
