import { describe, expect, it } from 'vitest';
import { parseSrtUrl } from './srt-url.ts';

describe('parseSrtUrl', () => {
  it.each([
    ['srt://h', { host: 'h', port: 10_080, streamId: '', socket: { passphrase: '' } }],
    [
      'srt://h:9000?streamid=#!::r=live/a,m=publish&latency=300&passphrase=0123456789&pbkeylen=32',
      {
        host: 'h',
        port: 9000,
        streamId: '#!::r=live/a,m=publish',
        socket: {
          receive_latency_ms: 300,
          peer_latency_ms: 300,
          pbkeylen: 32,
          passphrase: '0123456789',
        },
      },
    ],
    [
      'srt://[::1]:9000?latency=20&streamid=%23!::r=live/a',
      { host: '::1', port: 9000, streamId: '#!::r=live/a' },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseSrtUrl(text)).toMatchObject(expected);
  });

  it.each([
    ['', 'is no srt://'],
    ['h:9000', 'is no srt://'],
    ['rtmp://h/live/a', 'is no srt://'],
    ['srt://', 'is no srt://'],
    ['srt://h:70000', 'is no srt://'],
    ['srt://h/live/a', 'has a path'],
    ['srt://h?latency=20#!::r=live/a', 'has a path'],
    ['srt://h?latency=many', 'latency is milliseconds'],
    ['srt://h?latency=20&passphrase=short', 'passphrase has 10 to 79 characters'],
    ['srt://h?pbkeylen=17', 'pbkeylen is 0, 16, 24 or 32'],
    ['srt://h?mode=listener', 'mode is caller'],
    ['srt://h?streamid=a&password=0123456789', 'password is none of streamid, latency,'],
    ['srt://h?streamid=%zz', 'streamid cannot be read'],
    [`srt://h?streamid=${'x'.repeat(513)}`, 'more than 512 bytes'],
  ])('says what is wrong with %j', (text, fault) => {
    expect(parseSrtUrl(text)).toContain(fault);
  });

  it('does not show a passphrase', () => {
    expect(parseSrtUrl('srt://h/x?passphrase=0123456789')).not.toContain('0123456789');
  });
});
