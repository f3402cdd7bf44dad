import { describe, expect, it } from 'vitest';
import { checkReferer } from './referer.ts';

const refer = {
  enabled: true,
  all: [] as string[],
  publish: ['example.com'],
  play: [] as string[],
};

function admits(pageUrl: string): boolean {
  try {
    checkReferer(refer, 'publish', pageUrl);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'REFERER_DENIED' });
    return false;
  }
}

describe('checkReferer', () => {
  it.each([
    ['http://example.com/player.html', true],
    ['https://www.example.com:8443/?a=b', true],
    ['HTTP://WWW.EXAMPLE.COM', true],
    ['example.com/x', true],
    ['http://user:password@example.com/', true],
    ['http://example.org/', false],
    ['http://example.org/example.com', false],
    ['http://example.org?example.com', false],
    ['http://example.com.evil.org/', false],
    ['', false],
  ])('%s: %s', (pageUrl, expected) => {
    expect(admits(pageUrl)).toBe(expected);
  });

  it('admits every page without a list, and when it is off', () => {
    expect(() => checkReferer(refer, 'play', '')).not.toThrow();
    expect(() => checkReferer({ ...refer, enabled: false }, 'publish', '')).not.toThrow();
  });
});
