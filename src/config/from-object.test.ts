import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { configFromObject } from './from-object.ts';
import { loadConfig } from './load.ts';
import { type ConfigInput, DEFAULT_VHOST, vhostFor } from './millrace-config.ts';

function errorOf(input: unknown): ConfigError {
  try {
    configFromObject(input as ConfigInput);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('configFromObject', () => {
  it('has the same defaults as env-only mode', () => {
    expect(configFromObject({})).toEqual(loadConfig({ envOnly: true, env: {} }).config);
  });

  it('takes what is given and leaves the input alone', () => {
    const input: ConfigInput = {
      rtmp: { listen: 1935 },
      rtmps: { enabled: true, listen: ['127.0.0.1:1443', { address: '::1', port: 1443 }] },
      httpServer: { enabled: true, listen: '8080', dir: undefined },
      log: { level: 'debug' },
      millrace: { loops: 2 },
      vhosts: {
        [DEFAULT_VHOST]: { hls: { enabled: true, fragmentMs: 2000 }, minLatency: true },
        'live.example': { chunkSize: 4096, security: { enabled: true } },
      },
    };
    const before = structuredClone(input);
    const config = configFromObject(input);
    expect(config.rtmp.listen).toEqual([{ address: '0.0.0.0', port: 1935 }]);
    expect(config.rtmps.listen).toEqual([
      { address: '127.0.0.1', port: 1443 },
      { address: '::1', port: 1443 },
    ]);
    expect(config.httpServer).toMatchObject({ listen: [{ port: 8080 }], dir: './objs/nginx/html' });
    expect(config.log).toMatchObject({ level: 'debug', tank: 'console' });
    expect(config.millrace.loops).toBe(2);
    expect(vhostFor(config, 'x')).toMatchObject({
      hls: { enabled: true, fragmentMs: 2000 },
      play: { mwMsgs: 0 },
    });
    expect(vhostFor(config, 'live.example')).toMatchObject({ chunkSize: 4096 });
    expect(input).toEqual(before);
  });

  it('freezes its result', () => {
    expect(Object.isFrozen(configFromObject({}).millrace)).toBe(true);
  });

  it.each<[string, unknown, string, string | undefined]>([
    ['no object', null, '', undefined],
    ['a list', [], '', undefined],
    ['vhosts as a list', { vhosts: [] }, 'vhosts', undefined],
    ['a vhost that is none', { vhosts: { a: 1 } }, 'vhosts.a', undefined],
    ['an unknown key', { rtpm: {} }, 'rtpm', 'did you mean "rtmp"?'],
    [
      'an unknown key in a vhost',
      { vhosts: { 'a.example': { hls: { fragmentsMs: 1 } } } },
      'vhosts.a.example.hls.fragmentsMs',
      'did you mean "fragmentMs"?',
    ],
    ['a wrong type', { httpApi: { enabled: 'on' } }, 'httpApi.enabled', undefined],
    ['a number as text', { millrace: { loops: '2' } }, 'millrace.loops', undefined],
    ['a fraction', { millrace: { loops: 1.5 } }, 'millrace.loops', undefined],
    ['not a number', { millrace: { loops: Number.NaN } }, 'millrace.loops', undefined],
    ['a value out of range', { rtmp: { chunkSize: 1 } }, 'rtmp.chunkSize', undefined],
    ['an unknown word', { log: { level: 'loud' } }, 'log.level', undefined],
    ['an unreadable endpoint', { rtmp: { listen: 'x' } }, 'rtmp.listen', undefined],
    ['a port out of range', { rtmp: { listen: 65536 } }, 'rtmp.listen', undefined],
    [
      'an endpoint object out of range',
      { rtmp: { listen: { address: '::', port: -1 } } },
      'rtmp.listen.0.port',
      undefined,
    ],
    [
      'an unreadable endpoint in a list',
      { streamCasters: [{}, { listen: 'x' }] },
      'streamCasters.1.listen',
      undefined,
    ],
    ['a prototype key', JSON.parse('{"__proto__":{"x":1}}'), '__proto__', undefined],
  ])('refuses %s and names the key', (_, input, path, hint) => {
    const error = errorOf(input);
    expect(error.path ?? '').toBe(path);
    expect(error.message).toContain(path);
    expect(error.hint).toBe(hint);
    expect(error.code).toBe('CONFIG_INVALID');
  });

  it('lists the words that a value may be', () => {
    expect(errorOf({ log: { level: 'loud' } }).message).toContain('trace, debug, info, warn');
  });

  it('checks values against each other', () => {
    expect(errorOf({ rtmps: { enabled: true } }).path).toBe('rtmps.listen');
    expect(errorOf({ log: { tank: 'file', file: '' } }).path).toBe('log.file');
    const vhosts = {
      a: {},
      'b.example': {
        hls: { enabled: true },
        httpRemux: { enabled: true, mounts: ['/[stream].ts'] },
      },
    };
    expect(errorOf({ vhosts }).path).toBe('vhosts.b.example.httpRemux.mounts');
  });
});
