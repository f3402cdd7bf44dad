import { describe, expect, it } from 'vitest';
import { atof, atoi } from './c-number.ts';

describe('atoi', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['1935', 1935],
    ['-1', -1],
    ['+7', 7],
    [' \t42', 42],
    ['10.9', 10],
    ['30s', 30],
    ['0x10', 0],
    ['on', 0],
    ['', 0],
    ['-', 0],
    ['- 1', 0],
    ['-0', 0],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
    ['-99999999999999999999', Number.MIN_SAFE_INTEGER],
  ])('reads %j as %d', (text, value) => {
    expect(atoi(text)).toBe(value);
  });
});

describe('atof', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['9.9', 9.9],
    ['.5', 0.5],
    ['5.', 5],
    ['-2.5', -2.5],
    ['1e3', 1000],
    ['1e', 1],
    ['2.5s', 2.5],
    ['nan', 0],
    ['inf', 0],
    ['', 0],
    ['.', 0],
    ['1e999', Number.MAX_VALUE],
  ])('reads %j as %d', (text, value) => {
    expect(atof(text)).toBe(value);
  });
});
