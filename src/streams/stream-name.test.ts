import { describe, expect, it } from 'vitest';
import { checkStreamName, MAX_NAME_BYTES } from './stream-name.ts';

const longest = 'x'.repeat(MAX_NAME_BYTES);

describe('checkStreamName', () => {
  it.each([
    ['live', 'livestream'],
    ['a/b/c', 'x'],
    ['__defaultApp__', 'A.b_c-d~0'],
    ['live', 'x..'],
    [longest, longest],
  ])('takes %s / %s', (app, stream) => {
    expect(() => checkStreamName(app, stream)).not.toThrow();
  });

  it.each([
    ['', 'x', 'is empty'],
    ['live', '..', 'another folder'],
    ['live', '.', 'another folder'],
    ['live', '...', 'another folder'],
    ['live', 'a/b', 'characters'],
    ['live', '../../x', 'another folder'],
    ['../..', 'x', 'another folder'],
    ['a/../b', 'x', 'another folder'],
    ['/live', 'x', 'empty segment'],
    ['live/', 'x', 'empty segment'],
    ['a//b', 'x', 'empty segment'],
    ['live', 'a b', 'characters'],
    ['live', 'a\nb', 'characters'],
    ['live', 'a\0', 'characters'],
    ['live', 'a\\b', 'characters'],
    ['live', '%2e%2e', 'characters'],
    ['live', '\u00e9', 'characters'],
    ['live', `${longest}x`, 'longer than 256'],
    [`${longest}x`, 'x', 'longer than 256'],
    ['/'.repeat(1_000_000), 'x', 'longer than 256'],
  ])('refuses %j / %j', (app, stream, why) => {
    expect(() => checkStreamName(app, stream)).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID', message: expect.stringContaining(why) }),
    );
  });

  it('says so when there is no stream name', () => {
    expect(() => checkStreamName('live', '')).toThrow(
      expect.objectContaining({ code: 'STREAM_NAME_EMPTY' }),
    );
  });

  it('keeps a hostile name out of its message', () => {
    try {
      checkStreamName('live', '<'.repeat(100_000));
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(200);
    }
    expect.assertions(1);
  });
});
