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

  it.each(['', 'h:9000', 'rtmp://h/live/a', 'srt://', 'srt://h?latency=many'])(
    'refuses %j',
    (text) => {
      expect(() => parseSrtUrl(text)).toThrow();
    },
  );
});
