import { describe, expect, it } from 'vitest';
import { configFromObject } from '../config/from-object.ts';
import type { ConfigInput } from '../config/millrace-config.ts';
import { compareConfigs } from './config-changes.ts';

const made = (input: ConfigInput) => configFromObject({ rtmp: { listen: 1935 }, ...input });

function changes(before: ConfigInput, after: ConfigInput): string[] {
  return compareConfigs(made(before), made(after)).changes.map(
    ({ path, vhost, effect, before: old, after: now }) =>
      `${vhost === undefined ? '' : `${vhost}: `}${path} ${old || '-'} > ${now || '-'} ${effect}`,
  );
}

const vhost = (settings: NonNullable<ConfigInput['vhosts']>[string]) => ({
  vhosts: { __defaultVhost__: settings },
});

describe('compareConfigs', () => {
  it('is silent about what is the same', () => {
    expect(changes({}, {})).toEqual([]);
  });

  it.each<[string, ConfigInput, ConfigInput, string[]]>([
    [
      'a value of a vhost',
      {},
      vhost({ chunkSize: 4096 }),
      ['__defaultVhost__: vhost.chunk_size 60000 > 4096 next'],
    ],
    [
      'a value in seconds',
      vhost({ hls: { enabled: true } }),
      vhost({ hls: { enabled: true, fragmentMs: 2500 } }),
      ['__defaultVhost__: vhost.hls.hls_fragment 10 > 2.5 next'],
    ],
    ['the log level', {}, { log: { level: 'error' } }, ['srs_log_level_v2 info > error at_once']],
    [
      'ports',
      {},
      { rtmp: { listen: [1936, '[::1]:1937'] } },
      ['rtmp.listen 1935 > 1936 [::1]:1937 at_once'],
    ],
    [
      'rules',
      {},
      vhost({ security: { allow: [{ action: 'play', from: 'all' }] } }),
      ['__defaultVhost__: vhost.security.allow - > play all next'],
    ],
    [
      'what HTTP serves',
      {},
      { ...vhost({ httpRemux: { enabled: true } }), httpServer: { dir: './my www' } },
      [
        'http_server.dir ./objs/nginx/html > "./my www" next',
        '__defaultVhost__: vhost.http_remux.enabled off > on next',
      ],
    ],
    [
      'what needs a restart',
      {},
      { millrace: { loops: 3 }, log: { utcTime: true } },
      ['utc_time off > on restart', 'millrace.loops 0 > 3 restart'],
    ],
    [
      'a directive that stands for two values',
      {},
      vhost({ minLatency: true, rtcMinLatency: false }),
      [
        '__defaultVhost__: vhost.min_latency off > on next',
        // Its default depends on the other.
        '__defaultVhost__: vhost.play.mw_msgs 8 > 0 next',
      ],
    ],
    [
      'secrets, without saying them',
      { httpApi: { auth: { password: 'old' } }, srtServer: { passphrase: '0123456789' } },
      { httpApi: { auth: { password: 'new', tokens: ['a-token-of-somebody'] } } },
      [
        'http_api.auth.password (secret) > (secret) next',
        'http_api.auth.tokens - > (secret) next',
        'srt_server.passphrase (secret) > "" restart',
      ],
    ],
    [
      'repeated blocks, as a whole',
      {},
      { streamCasters: [{ caster: 'flv' }] as never },
      ['stream_caster - > 1 block restart'],
    ],
  ])('tells of %s', (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  it('tells of vhosts that come and go', () => {
    const { addedVhosts, removedVhosts, merged } = compareConfigs(
      made({ vhosts: { a: {}, both: {} } }),
      made({ vhosts: { b: {}, both: { chunkSize: 128 } } }),
    );
    expect(addedVhosts).toEqual(['b']);
    expect(removedVhosts).toEqual(['a']);
    expect([...merged.vhosts.keys()]).toEqual(['b', 'both']);
    expect(merged.vhosts.get('both')?.chunkSize).toBe(128);
  });

  it('keeps what needs a restart, and tells of it again', () => {
    const before = made({});
    const after = made({ millrace: { loops: 3 }, process: { maxConnections: 9 } });
    const first = compareConfigs(before, after);
    expect(first.merged.millrace.loops).toBe(0);
    expect(first.merged.process.maxConnections).toBe(9);
    const second = compareConfigs(first.merged, after);
    expect(second.changes.map(({ path }) => path)).toEqual(['millrace.loops']);
    expect(compareConfigs(second.merged, before).changes.map(({ path }) => path)).toEqual([
      'max_connections',
    ]);
  });
});
