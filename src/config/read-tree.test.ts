import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { parseConfigText } from './parser.ts';
import { readTree } from './read-tree.ts';
import { type DirectiveInfo, describeDirectives } from './schema/describe.ts';

function read(text: string, env: Readonly<Record<string, string>> = {}) {
  return readTree(parseConfigText(text, 'x.conf'), env);
}

function errorOf(text: string): ConfigError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('unknown directives', () => {
  it.each<[string, string, string | undefined]>([
    ['liste 1935;', 'liste', 'did you mean "listen"?'],
    ['max_conections 1;', 'max_conections', 'did you mean "max_connections"?'],
    ['vhost v { hsl { } }', 'vhost.hsl', 'did you mean "hls"?'],
    ['vhost v { hls { hls_fragmnet 1; } }', 'vhost.hls.hls_fragmnet', '"hls_fragment"'],
    ['vhost v { hls_window 1; }', 'vhost.hls_window', 'it belongs in "vhost.hls"'],
    ['vhost v { max_connections 1; }', 'vhost.max_connections', 'it belongs in the root'],
    ['http_api { raw_apy { } }', 'http_api.raw_apy', 'did you mean "raw_api"?'],
    ['vhost v { ingest { engine { vcodek x; } } }', 'vhost.ingest.engine.vcodek', '"vcodec"'],
    ['vhost v { transcode { engine { foo x; } } }', 'vhost.transcode.engine.foo', undefined],
    ['stream_caster { foo; }', 'stream_caster.foo', undefined],
  ])('%s', (text, path, hint) => {
    const error = errorOf(`\n${text}`);
    expect(error).toMatchObject({ fault: 'directive', path, file: 'x.conf', line: 2 });
    expect(error.message).toContain(`x.conf:2: unknown directive "${path}"`);
    if (hint === undefined) {
      expect(error.hint ?? '').not.toContain('belongs');
    } else {
      expect(error.hint).toContain(hint);
    }
  });

  it.each(['http_api { https { foo; } }', 'rtc_server { tcp { foo; } }'])(
    'are passed over with a warning where SRS does not look: %s',
    (text) => {
      const { warnings } = read(text);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('x.conf:1: unknown directive');
    },
  );

  it('are allowed where words are free', () => {
    const text = 'vhost v { transcode { engine { vparams { t 100; coder 1; b_strategy; } } } }';
    expect(read(text).values).toMatchObject({
      vhosts: [
        {
          transcodes: [
            { engines: [{ videoParams: [['t', '100'], ['coder', '1'], ['b_strategy']] }] },
          ],
        },
      ],
    });
  });
});

describe('what is taken and ignored', () => {
  it.each([
    'vhost v { bandcheck { key x; } }',
    'vhost v { hls { hls_storage ram; } }',
    'vhost v { http_remux { hstrs on; } }',
    'rtc_server { perf_stat on; }',
    'http_api { raw_api { allow_query on; } }',
    'stream_caster { rtp_port_min 1; }',
    'stream_caster { sip { realm x; } }',
  ])('%s', (text) => {
    const { warnings } = read(text);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('is ignored');
  });
});

describe('directives that stand twice', () => {
  it('count the first time, with a warning', () => {
    const { values, warnings } = read('rtmp { listen 1;\nlisten 2; }\nrtmp { listen 3; }');
    expect(values).toMatchObject({ rtmp: { listen: [{ port: 1 }] } });
    expect(warnings).toEqual([
      'x.conf:3: rtmp stands here again; the one at x.conf:1 counts',
      'x.conf:2: rtmp.listen stands here again; the one at x.conf:1 counts',
    ]);
  });

  it('count once per vhost name', () => {
    const { values, warnings } = read('vhost a { chunk_size 200; } vhost a { } vhost b { }');
    expect(values).toMatchObject({ vhosts: [{ name: 'a', chunkSize: 200 }, { name: 'b' }] });
    expect(warnings).toHaveLength(1);
  });

  it('count each time where they are a list', () => {
    const { values, warnings } = read(`
      stream_caster { enabled off; } stream_caster { enabled on; caster flv; }
      vhost v {
        security { allow play all; allow publish 10.0.0.0/8; deny play ::1; }
        exec { publish ffmpeg -i "a b"; publish ls; }
        ingest a { engine { } engine { } } ingest b { }
        transcode { } transcode live { }
      }`);
    expect(warnings).toEqual([]);
    expect(values).toMatchObject({
      streamCasters: [{ enabled: false }, { enabled: true, caster: 'flv' }],
      vhosts: [
        {
          security: {
            allow: [
              { action: 'play', from: 'all' },
              { action: 'publish', from: '10.0.0.0/8' },
            ],
            deny: [{ action: 'play', from: '::1' }],
          },
          exec: { publish: [['ffmpeg', '-i', 'a b'], ['ls']] },
          ingests: [{ id: 'a', engines: [{}, {}] }, { id: 'b' }],
          transcodes: [{ scope: '' }, { scope: 'live' }],
        },
      ],
    });
  });

  it.each(['vhost v { http_remux { } http_remux { } }', 'vhost v { ingest a { } ingest a { } }'])(
    'stop the start where SRS says so: %s',
    (text) => {
      expect(errorOf(text)).toMatchObject({ fault: 'directive', line: 1 });
    },
  );
});

describe('values', () => {
  it('are the default when a directive has no word', () => {
    expect(read('rtmp { listen; chunk_size ""; }').values).toMatchObject({ rtmp: {} });
    expect(read('rtmp { listen; chunk_size ""; }').values.rtmp).toEqual({});
  });

  it('of hls_keys is off unless it is written', () => {
    expect(JSON.stringify(read('vhost v { hls { } }').values)).not.toContain('keys');
    expect(read('vhost v { hls { hls_keys on; } }').values).toMatchObject({
      vhosts: [{ hls: { keys: true } }],
    });
  });

  it.each<[string, string, unknown]>([
    ['chunk_size 1', 'rtmp { chunk_size 1; }', { rtmp: { chunkSize: 128 } }],
    ['chunk_size 1e9', 'rtmp { chunk_size 1000000000; }', { rtmp: { chunkSize: 65536 } }],
    ['mw_msgs', 'vhost v { play { mw_msgs 500; } }', { vhosts: [{ play: { mwMsgs: 128 } }] }],
    ['fragment', 'vhost v { hls { hls_fragment 0; } }', { vhosts: [{ hls: { fragmentMs: 100 } }] }],
  ])('outside their range are brought into it with a warning: %s', (_, text, expected) => {
    const { values, warnings } = read(text);
    expect(values).toMatchObject(expected as object);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^x\.conf:1: .* outside .* is used$/);
  });

  it.each([
    'vhost v { rtc { opus_bitrate 7999; } }',
    'vhost v { rtc { aac_bitrate 320001; } }',
    'vhost v { rtc { pli_for_rtmp 0.4; } }',
    'vhost v { publish { normal_timeout -1; } }',
  ])('outside their range mean the default, with a warning: %s', (text) => {
    const { values, warnings } = read(text);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('the default is used');
    expect(JSON.stringify(values)).not.toMatch(/[Bb]itrate|pli|Timeout/);
  });

  it.each<[string, string, string]>([
    ['rtmp { listen x; }', 'rtmp.listen', 'CONFIG_INVALID'],
    ['vhost v { dvr { enabled on; dvr_plan append; } }', 'vhost.dvr.dvr_plan', 'DVR_PLAN_INVALID'],
    ['stream_caster { enabled on; caster x; }', 'stream_caster.caster', 'CASTER_UNKNOWN'],
    ['vhost v { security { enabled on; deny play x; } }', 'vhost.security.deny', 'CONFIG_INVALID'],
  ])('that cannot be read stop the start: %s', (text, path, code) => {
    expect(errorOf(text)).toMatchObject({ fault: 'value', path, code, line: 1 });
  });

  it.each([
    'vhost v { dvr { enabled off; dvr_plan append; } }',
    'stream_caster { caster rtsp; }',
    'rtc_server { listen x; }',
    'heartbeat { interval 0; }',
    'vhost v { enabled off; hls { enabled on; } security { deny play x; enabled on; } }',
  ])('in a block that is off only warn: %s', (text) => {
    expect(read(text).warnings).toHaveLength(1);
  });

  it('warn when a block is written as a directive', () => {
    expect(read('vhost v { hls on; }').warnings).toEqual([
      'x.conf:1: vhost.hls is a block: write hls { ... }',
    ]);
  });
});

/** Words that are not the default of a directive, in its own spelling. */
function wordsFor({ spec }: DirectiveInfo): string {
  switch (spec.kind.name) {
    case 'B0':
    case 'B1':
      return spec.default === true ? 'off' : 'on';
    case 'int':
    case 'bytes':
    case 'ms':
    case 'ms (float)':
    case 's':
    case 's (int)':
    case 'float':
      return numberFor(spec.kind.name.startsWith('s') ? 1000 : 1, spec.range);
    case 'endpoints':
      return '127.0.0.1:4001 4002';
    case 'networks':
      return '10.0.0.0/8 ::1';
    case 'list':
      return 'one two';
    case 'path':
    case 'str':
    case 'url':
    case 'template':
      return './some/[vhost]/thing';
    case 'access rules':
      return 'play 10.0.0.0/8';
    case 'token keys':
      return 'a 0123456789abcdef0123456789abcdef';
    case 'users':
      return `a $scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI all:**`;
    case 'command lines':
      return 'ls -l';
    case 'block':
      return '';
    default:
      return spec.kind.name.split('|').find((word) => word !== spec.default) ?? '';
  }
}

function numberFor(unit: number, range?: { readonly min: number; readonly max: number }): string {
  const { min, max } = range ?? { min: 0, max: 1000 };
  return String(Math.max(Math.ceil(min / unit), Math.min(7, Math.floor(max / unit))));
}

/** `vhost x { hls { hls_fragment 7; } }` for a row of the table. */
function fileFor(row: DirectiveInfo, words = wordsFor(row)): string {
  const blocks = row.path.split('.');
  const name = blocks.pop() ?? '';
  const last = row.spec.kind.name === 'block' ? `${name} { a b; }` : `${name} ${words};`;
  return blocks.reduceRight((inner, block) => `${block} v { ${inner} }`, last);
}

/** Looks a dotted field up; the first element stands for a list. */
function at(values: unknown, field: string): unknown {
  return field.split('.').reduce<unknown>((value, key) => {
    const one: unknown = Array.isArray(value) ? value[0] : value;
    return (one as Readonly<Record<string, unknown>> | undefined)?.[key];
  }, values);
}

describe('every directive', () => {
  const rows = describeDirectives();

  it.each(rows)('$path is read from a file', (row) => {
    const { values, warnings } = read(fileFor(row));
    expect(warnings).toEqual([]);
    expect(at(values, row.field)).toBeDefined();
    expect(at(values, row.field)).not.toEqual(row.spec.default);
  });

  it.each(rows.flatMap((row) => row.envNames.map((name) => ({ ...row, name }))))(
    '$path is read from $name, which wins over the file',
    (row) => {
      const vhost = row.path.startsWith('vhost.') ? 'vhost v { }' : '';
      const fromFile = at(read(fileFor(row)).values, row.field);
      const { values, origins } = read(vhost, { [row.name]: wordsFor(row) });
      expect(at(values, row.field)).toEqual(fromFile);
      expect([...origins.values()]).toContainEqual({ from: 'environment', name: row.name });

      const other = wordsFor(row) === 'on' ? 'off' : 'on';
      const overwritten = read(fileFor(row, other), { [row.name]: wordsFor(row) });
      expect(at(overwritten.values, row.field)).toEqual(fromFile);
      const empty = read(fileFor(row), { [row.name]: '' });
      expect(at(empty.values, row.field), 'an empty variable is not set').toEqual(fromFile);
    },
  );

  it.each(rows.filter(({ envNames }) => envNames.length === 0))(
    '$path is not read from the environment',
    (row) => {
      const name = `SRS_${row.path.replaceAll('.', '_').toUpperCase()}`;
      const vhost = row.path.startsWith('vhost.') ? 'vhost v { }' : '';
      expect(at(read(vhost, { [name]: wordsFor(row) }).values, row.field)).toBeUndefined();
    },
  );

  it('has the environment names that SRS documents', () => {
    const names = new Set(rows.flatMap((row) => row.envNames));
    for (const name of [
      'SRS_LISTEN',
      'SRS_RTMP_LISTEN',
      'SRS_CHUNK_SIZE',
      'SRS_VHOST_CHUNK_SIZE',
      'SRS_LOG_TANK',
      'SRS_SRS_LOG_TANK',
      'SRS_LOG_LEVEL_V2',
      'SRS_HTTP_API_RAW_API_ENABLED',
      'SRS_HTTP_API_AUTH_USERNAME',
      'SRS_HTTP_SERVER_HTTPS_LISTEN',
      'SRS_RTC_SERVER_TCP_LISTEN',
      'SRS_VHOST_HLS_HLS_FRAGMENT',
      'SRS_VHOST_DVR_DVR_PLAN',
      'SRS_VHOST_DASH_DASH_PATH',
      'SRS_VHOST_PLAY_ATC',
      'SRS_VHOST_HTTP_REMUX_GUESS_HAS_AV',
      'SRS_VHOST_HTTP_HOOKS_ON_DVR',
      'SRS_VHOST_SRT_TO_RTMP',
      'SRS_VHOST_SRT_SRT_TO_RTMP',
      'SRS_VHOST_FORWARD_BACKEND',
      'SRS_VHOST_RTSP_RTMP_TO_RTSP',
      'SRS_MILLRACE_LOOPS',
    ]) {
      expect(names, name).toContain(name);
    }
  });
});
