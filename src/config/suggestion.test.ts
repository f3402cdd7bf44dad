import { describe, expect, it } from 'vitest';
import { editDistance, nearestName } from './suggestion.ts';

describe('editDistance', () => {
  it.each<[string, string, number]>([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['abc', 'xabc', 1],
    ['hls', 'hsl', 1],
    ['kitten', 'sitting', 3],
  ])('from %j to %j is %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearestName', () => {
  const known = ['hls', 'dvr', 'hls_fragment', 'hls_window', 'listen'];

  it.each<[string, string | undefined]>([
    ['hsl', 'hls'],
    ['hls_fragmnet', 'hls_fragment'],
    ['HLS_WINDOW', 'hls_window'],
    ['listne', 'listen'],
    ['foo', undefined],
    ['', undefined],
  ])('of %j is %j', (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it('does not compare more than a name can be long', () => {
    expect(nearestName('a'.repeat(1_000_000), ['a'.repeat(1_000_000)])).toBeDefined();
  });
});
