import { describe, expect, it } from 'vitest';
import { parseCasterOutput } from '../config/caster-output.ts';
import { casterName } from './caster-name.ts';

const sent = { vhost: '', app: 'a/b', stream: 'cam', param: '', tc_url: '', page_url: '' };

function named(output: string, param = '') {
  const parsed = parseCasterOutput(output);
  const name = parsed && casterName(parsed, { ...sent, param });
  return name && [name.vhost, name.app, name.stream, name.param];
}

describe('output of a caster', () => {
  it('names host, app and stream', () => {
    expect(named('rtmp://127.0.0.1/[app]/[stream]')).toEqual([
      '127.0.0.1',
      'a/b',
      'cam',
      '?vhost=127.0.0.1',
    ]);
    expect(named('rtmp://tv.example:1935/live/hd-[stream]')).toEqual([
      'tv.example',
      'live',
      'hd-cam',
      '?vhost=tv.example',
    ]);
    expect(named('rtmp://[::1]:1935/x/y/fixed')?.slice(0, 3)).toEqual(['::1', 'x/y', 'fixed']);
  });

  it('takes the vhost from the query, and the query of the encoder before its own', () => {
    const output = 'rtmp://127.0.0.1/[app]/[stream]?vhost=b.example&key=1';
    expect(named(output)).toEqual(['b.example', 'a/b', 'cam', '?vhost=b.example&key=1']);
    expect(named(output, '?token=x')?.[3]).toBe('?token=x');
  });

  it.each(['', 'http://h/a/s', 'rtmp://h/s', 'rtmp://h/a/', 'rtmp:///a/s'])(
    'is not "%s"',
    (text) => {
      expect(parseCasterOutput(text)).toBeUndefined();
    },
  );
});
