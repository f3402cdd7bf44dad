import { describe, expect, it } from 'vitest';
import { configFromObject } from '../../config/from-object.ts';
import { mpegtsCasters, parseOutput } from './casters.ts';

describe('mpegtsCasters', () => {
  it('takes the casters of MPEG-TS over UDP that run', () => {
    const { streamCasters } = configFromObject({
      streamCasters: [
        {
          name: 'a',
          enabled: true,
          caster: 'mpegts_over_udp',
          listen: 8935,
          output: 'rtmp://127.0.0.1/live/a',
          senders: ['192.0.2.1'],
        },
        { name: 'b', enabled: false, caster: 'mpegts_over_udp', listen: 8936 },
        {
          name: 'c',
          enabled: true,
          caster: 'flv',
          listen: 8937,
          output: 'rtmp://127.0.0.1/[app]/[stream]',
        },
      ],
    });
    const casters = mpegtsCasters(streamCasters);
    expect(casters).toHaveLength(1);
    expect(casters[0]?.options).toMatchObject({ app: 'live', stream: 'a', senders: ['192.0.2.1'] });
  });

  it('reads the url of the output', () => {
    expect(parseOutput('rtmp://127.0.0.1/live/livestream')).toEqual({
      vhost: '127.0.0.1',
      app: 'live',
      stream: 'livestream',
      param: '?vhost=127.0.0.1',
      tc_url: 'rtmp://127.0.0.1/live',
    });
    expect(parseOutput('rtmp://h:1936/a/b/c?vhost=v&k=1')).toMatchObject({
      vhost: 'v',
      app: 'a/b',
      stream: 'c',
      param: '?vhost=v&k=1',
    });
  });

  it.each(['', 'live/a', 'http://h/live/a', 'rtmp://h/live', 'rtmp://h'])(
    'refuses the output %j',
    (output) => {
      expect(() => parseOutput(output)).toThrow(/rtmp:\/\/host\/app\/stream/);
    },
  );
});
