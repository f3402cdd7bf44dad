import { describe, expect, it } from 'vitest';
import { matchesPath } from './path-pattern.ts';

describe('a pattern of paths', () => {
  it.each([
    ['live/a', 'live/a', true],
    ['/live/a', 'live/a', true],
    ['live/a', 'live/ab', false],
    ['live/a', 'xlive/a', false],
    ['live/*', 'live/a', true],
    ['live/*', 'live/a/b', false],
    ['live/*', 'other/a', false],
    ['live/cam-*-hd', 'live/cam-12-hd', true],
    ['live/cam-*-hd', 'live/cam-12-sd', false],
    ['live/*a*b', 'live/xaxaxb', true],
    ['*/a', 'live/a', true],
    ['**', 'live/a', true],
    ['live/**', 'live/a', true],
    ['live/**', 'live/deep/er/a', true],
    ['live/**/a', 'live/a', true],
    ['live/**/a', 'live/x/y/a', true],
    ['live/**/a', 'live/x/y/b', false],
    ['**/**/a', 'a', true],
    ['', 'live/a', false],
    ['live', 'live/a', false],
    ['live/', 'live/a', false],
    // Nothing of a pattern is a regular expression.
    ['live/.', 'live/a', false],
    ['live/a.b', 'live/axb', false],
  ])('"%s" and "%s": %s', (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected);
  });

  it('costs little, whatever it is', () => {
    const began = performance.now();
    expect(matchesPath('*a'.repeat(128), 'a'.repeat(255))).toBe(true);
    expect(matchesPath(`${'*a'.repeat(127)}b`, 'a'.repeat(255))).toBe(false);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
