import { describe, expect, it } from 'vitest';
import { configFromObject } from '../config/from-object.ts';
import type { ConfigInput } from '../config/millrace-config.ts';
import { configChanges } from './config-changes.ts';

function changes(before: ConfigInput, after: ConfigInput) {
  const listen = { rtmp: { listen: 1935 } };
  return configChanges(
    configFromObject({ ...listen, ...before }),
    configFromObject({ ...listen, ...after }),
  );
}

const vhost = (settings: NonNullable<ConfigInput['vhosts']>[string]) => ({
  vhosts: { __defaultVhost__: settings },
});

describe('configChanges', () => {
  it('is silent about what is the same', () => {
    expect(changes({}, {})).toEqual({ applied: [], needRestart: [] });
  });

  it.each<[string, ConfigInput, ConfigInput, string[], string[]]>([
    [
      'a value of a vhost',
      {},
      vhost({ chunkSize: 4096 }),
      ['__defaultVhost__: vhost.chunk_size'],
      [],
    ],
    [
      'a block of a vhost',
      vhost({ hls: { enabled: true } }),
      vhost({ hls: { enabled: true, fragmentMs: 2000 } }),
      ['__defaultVhost__: vhost.hls.hls_fragment'],
      [],
    ],
    ['the log level', {}, { log: { level: 'error' } }, ['srs_log_level_v2'], []],
    ['a port', {}, { rtmp: { listen: 1936 } }, [], ['rtmp.listen']],
    [
      'what HTTP serves',
      {},
      { ...vhost({ httpRemux: { enabled: true } }), httpServer: { dir: './www' } },
      ['http_server.dir', '__defaultVhost__: vhost.http_remux.enabled'],
      [],
    ],
    [
      'a certificate',
      {},
      { httpServer: { https: { cert: './new.crt' } } },
      [],
      ['http_server.https.cert'],
    ],
    ['max_connections', {}, { process: { maxConnections: 7 } }, [], ['max_connections']],
  ])('tells of %s', (_, before, after, applied, needRestart) => {
    expect(changes(before, after)).toEqual({ applied, needRestart });
  });

  it('tells of vhosts that come and go', () => {
    expect(changes({ vhosts: { a: {} } }, { vhosts: { b: {} } }).applied).toEqual([
      'vhost a is gone',
      'vhost b is new',
    ]);
  });
});
