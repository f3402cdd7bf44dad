import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { type LoadOptions, loadConfig } from './load.ts';
import { DEFAULT_VHOST, vhostFor } from './millrace-config.ts';

const MINIMAL = 'listen 1935; vhost __defaultVhost__ { }';

/** Loads text as if it were the file `x.conf`. */
function load(text: string, options: Partial<LoadOptions> = {}) {
  return loadConfig({
    file: 'x.conf',
    env: {},
    readFile: (path) => {
      if (path !== 'x.conf') {
        throw new Error(`ENOENT: ${path}`);
      }
      return text;
    },
    ...options,
  });
}

function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('a minimal file', () => {
  const { config, warnings, accepted, file } = load(MINIMAL);

  it('has the defaults of SRS', () => {
    expect({ warnings, accepted, file }).toEqual({ warnings: [], accepted: [], file: 'x.conf' });
    expect(config.rtmp).toEqual({ listen: [{ address: '0.0.0.0', port: 1935 }], chunkSize: 60000 });
    expect(config.log).toEqual({
      tank: 'file',
      level: 'info',
      file: './objs/srs.log',
      utcTime: false,
    });
    expect(config.process).toMatchObject({ daemon: true, maxConnections: 1000, workDir: './' });
    expect(config.httpApi).toMatchObject({ enabled: false, listen: [{ port: 1985 }] });
    expect(config.httpApi.https.listen).toEqual([{ address: '0.0.0.0', port: 1990 }]);
    expect(config.httpServer).toMatchObject({ enabled: false, listen: [{ port: 8080 }] });
    expect(config.millrace).toMatchObject({ loops: 0, maxMessageBytes: 16_777_215 });
    const vhost = vhostFor(config, DEFAULT_VHOST);
    expect(vhost).toMatchObject({
      name: DEFAULT_VHOST,
      enabled: true,
      minLatency: false,
      rtcMinLatency: true,
      chunkSize: 60000,
      outAckSize: 2_500_000,
    });
    expect(vhost?.play).toMatchObject({ gopCache: true, mwLatencyMs: 350, mwMsgs: 8 });
    expect(vhost?.publish).toMatchObject({ firstpktTimeoutMs: 20_000, normalTimeoutMs: 5000 });
    expect(vhost?.hls).toMatchObject({
      enabled: false,
      fragmentMs: 10_000,
      windowMs: 60_000,
      keyFilePath: './objs/nginx/html',
      keyUrl: './objs/nginx/html',
    });
    expect(vhost?.httpRemux).toMatchObject({ mounts: ['[vhost]/[app]/[stream].flv'] });
  });

  it('is frozen all the way down', () => {
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.rtmp.listen[0])).toBe(true);
    expect(Object.isFrozen(vhostFor(config, 'x')?.play)).toBe(true);
  });
});

describe('where the configuration comes from', () => {
  it('needs a file or env-only mode', () => {
    const error = errorOf(() => loadConfig({ env: {} }));
    expect(error).toMatchObject({ fault: 'file', number: 1023, exitCode: 255 });
    expect(error.message).toContain('no config file at ');
  });

  it('refuses a file that is not there', () => {
    expect(errorOf(() => load('', { file: 'y.conf' })).message).toContain(
      'no config file at y.conf',
    );
  });

  it('reads from disk unless told otherwise', () => {
    const error = errorOf(() => loadConfig({ file: '/nonexistent/x.conf', env: {} }));
    expect(error.message).toContain('no config file at /nonexistent/x.conf');
  });

  it('lets SRS_CONFIG_FILE replace the file', () => {
    expect(load(MINIMAL, { file: 'y.conf', env: { SRS_CONFIG_FILE: 'x.conf' } }).file).toBe(
      'x.conf',
    );
    expect(load(MINIMAL, { file: undefined, env: { SRS_CONFIG_FILE: 'x.conf' } }).file).toBe(
      'x.conf',
    );
    expect(load(MINIMAL, { env: { SRS_CONFIG_FILE: '' } }).file).toBe('x.conf');
  });

  it.each<[string, Partial<LoadOptions>]>([
    ['-e', { envOnly: true }],
    ['SRS_ENV_ONLY', { env: { SRS_ENV_ONLY: 'off' } }],
    ['-e and SRS_CONFIG_FILE', { envOnly: true, env: { SRS_CONFIG_FILE: 'x.conf' } }],
  ])('reads no file with %s, and stays in the foreground', (_, options) => {
    const { config, file, warnings } = load('not { a config', options);
    expect(file).toBeUndefined();
    expect(warnings).toEqual([]);
    expect(config.process.daemon).toBe(false);
    expect(config.log.tank).toBe('console');
    expect(config.rtmp.listen).toEqual([]);
    expect([...config.vhosts.keys()]).toEqual([DEFAULT_VHOST]);
  });

  it('takes everything from the environment in env-only mode', () => {
    const { config } = loadConfig({
      envOnly: true,
      env: {
        SRS_LISTEN: '1935 [::1]:1936',
        SRS_LOG_TANK: 'file',
        SRS_DAEMON: 'on',
        SRS_CHUNK_SIZE: '128',
        SRS_HTTP_SERVER_ENABLED: 'on',
        SRS_VHOST_HTTP_REMUX_ENABLED: 'on',
        SRS_VHOST_PLAY_ATC: 'on',
        SRS_VHOST_AUTH_ENABLED: 'on',
        SRS_VHOST_AUTH_TOKEN_KEY: 'k1 0123456789abcdef0123456789abcdef',
        SRS_VHOST_HTTP_HOOKS_ON_PUBLISH: 'http://a  http://b',
        SRS_MILLRACE_LOOPS: '3',
      },
    });
    expect(config.rtmp).toEqual({
      listen: [
        { address: '0.0.0.0', port: 1935 },
        { address: '::1', port: 1936 },
      ],
      chunkSize: 128,
    });
    expect(config.log.tank).toBe('file');
    expect(config.process.daemon).toBe(true);
    expect(config.millrace.loops).toBe(3);
    const vhost = vhostFor(config, 'anything');
    expect(vhost?.chunkSize).toBe(128);
    expect(vhost?.play.atc).toBe(true);
    expect(vhost?.auth).toMatchObject({
      enabled: true,
      tokenKeys: [{ id: 'k1', secret: '0123456789abcdef0123456789abcdef' }],
    });
    expect(vhost?.httpRemux.enabled).toBe(true);
    expect(vhost?.httpHooks.onPublish).toEqual(['http://a', 'http://b']);
  });

  it.each([{ docker: true }, { env: { SRS_IN_DOCKER: 'on' } }])(
    'logs on the console in a container: %j',
    (options) => {
      expect(load(MINIMAL, options).config.log.tank).toBe('console');
      expect(load(`srs_log_tank file; ${MINIMAL}`, options).config.log.tank).toBe('file');
    },
  );
});

describe('precedence', () => {
  it('puts the environment over the file, in every vhost', () => {
    const text = `${MINIMAL} vhost a { hls { enabled off; hls_fragment 3; } }`;
    const { config } = load(text, { env: { SRS_VHOST_HLS_ENABLED: 'on' } });
    expect(vhostFor(config, 'a')?.hls).toMatchObject({ enabled: true, fragmentMs: 3000 });
    expect(vhostFor(config, 'b')?.hls).toMatchObject({ enabled: true, fragmentMs: 10_000 });
  });

  it('ignores an empty variable', () => {
    expect(load(MINIMAL, { env: { SRS_LISTEN: '' } }).config.rtmp.listen).toHaveLength(1);
  });

  it('looks at the doubled name of the log variables first', () => {
    const env = { SRS_SRS_LOG_FILE: './a.log', SRS_LOG_FILE: './b.log' };
    expect(load(MINIMAL, { env }).config.log.file).toBe('./a.log');
    expect(load(MINIMAL, { env: { ...env, SRS_SRS_LOG_FILE: '' } }).config.log.file).toBe(
      './b.log',
    );
  });

  it.each([
    ['srs_log_level verbose;', 'trace'],
    ['srs_log_level info;', 'debug'],
    ['srs_log_level trace;', 'info'],
    ['srs_log_level warn;', 'warn'],
    ['srs_log_level error;', 'error'],
    ['srs_log_level error; srs_log_level_v2 trace;', 'trace'],
    ['srs_log_level_v2 debug;', 'debug'],
    ['', 'info'],
  ])('%s means the level %s', (text, level) => {
    expect(load(`${text} ${MINIMAL}`).config.log.level).toBe(level);
  });

  it('takes the chunk size of a vhost from the root', () => {
    const { config } = load('listen 1; chunk_size 4096; vhost a { } vhost b { chunk_size 128; }');
    expect(vhostFor(config, 'a')?.chunkSize).toBe(4096);
    expect(vhostFor(config, 'b')?.chunkSize).toBe(128);
  });

  it('merges no messages with min_latency', () => {
    const play = (text: string) =>
      vhostFor(load(`listen 1; vhost a { ${text} }`).config, 'a')?.play.mwMsgs;
    expect(play('min_latency on;')).toBe(0);
    expect(play('min_latency on; play { mw_msgs 5; }')).toBe(5);
    expect(play('min_latency off;')).toBe(8);
  });

  it('puts the keys of HLS where the segments are', () => {
    const { config } = load('listen 1; vhost a { hls { hls_path ./x; hls_key_url https://k/; } }');
    expect(vhostFor(config, 'a')?.hls).toMatchObject({ keyFilePath: './x', keyUrl: 'https://k/' });
  });

  it('shares the HTTPS port where the HTTP port is shared', () => {
    const ports = 'http_api { listen 8080; } http_server { listen 8080; https { listen 8443; } }';
    expect(load(`${MINIMAL} ${ports}`).config.httpApi.https.listen[0]?.port).toBe(8443);
  });
});

describe('rtc_server.candidate', () => {
  const candidate = (text: string, env: Readonly<Record<string, string>>) =>
    load(`${MINIMAL} rtc_server { candidate ${text}; }`, { env }).config.rtcServer.candidate;

  it('takes a variable from the environment', () => {
    expect(candidate('$CANDIDATE', { CANDIDATE: '192.0.2.1' })).toBe('192.0.2.1');
    expect(candidate('$OTHER', { CANDIDATE: '192.0.2.1', OTHER: '192.0.2.2' })).toBe('192.0.2.2');
    expect(candidate('$CANDIDATE', {})).toBe('*');
    expect(candidate('$CANDIDATE', { CANDIDATE: '' })).toBe('*');
    expect(candidate('192.0.2.3', { CANDIDATE: '192.0.2.1' })).toBe('192.0.2.3');
    expect(candidate('x', { SRS_RTC_SERVER_CANDIDATE: '$IP', IP: '192.0.2.4' })).toBe('192.0.2.4');
  });
});

describe('vhostFor', () => {
  it('finds the name, then the default, then nothing', () => {
    const { config } = load('listen 1; vhost a { } vhost __defaultVhost__ { }');
    expect(vhostFor(config, 'a')?.name).toBe('a');
    expect(vhostFor(config, 'A')?.name).toBe(DEFAULT_VHOST);
    expect(vhostFor(load('listen 1; vhost a { }').config, 'b')).toBeUndefined();
  });

  it('warns when there is none at all', () => {
    expect(load('listen 1;').warnings[0]).toContain('no vhost is configured');
  });
});

describe('checks', () => {
  const HTTP = 'http_api { enabled on; listen 1985;';
  const SERVER = 'http_server { enabled on; listen 8080;';

  it.each<[string, string, string, number]>([
    ['no listen', 'vhost a { }', 'rtmp.listen', 0],
    ['is_full', `is_full on;\n${MINIMAL}`, 'is_full', 1],
    ['one port twice', `${MINIMAL}\nrtmps { enabled on;\nlisten 7 7; }`, 'rtmps.listen', 3],
    [
      'one port for RTMP and HTTP',
      `listen 80; vhost a { }\nhttp_server { enabled on;\nlisten 80; }`,
      'http_server.listen',
      3,
    ],
    ['max_connections 0', `${MINIMAL}\nmax_connections 0;`, 'max_connections', 2],
    ['max_connections text', `${MINIMAL}\nmax_connections many;`, 'max_connections', 2],
    ['loops', `${MINIMAL}\nmillrace {\nloops 1000; }`, 'millrace.loops', 3],
    ['limits', `${MINIMAL}\nmillrace { ring_max_bytes 1; }`, 'millrace.ring_max_bytes', 2],
    [
      'heartbeat.interval',
      `${MINIMAL}\nheartbeat { enabled on; interval 0.5; }`,
      'heartbeat.interval',
      2,
    ],
    ['stats.network', `${MINIMAL}\nstats { network -1; }`, 'stats.network', 2],
    ['asprocess with daemon', `${MINIMAL}\nasprocess on;`, 'asprocess', 2],
    [
      'https of the API alone',
      `${MINIMAL}\nhttp_api { https { enabled on; } }`,
      'http_api.https.enabled',
      2,
    ],
    [
      'https of the server alone',
      `${MINIMAL}\nhttp_server { https {\nenabled on; } }`,
      'http_server.https.enabled',
      3,
    ],
    [
      'HTTP shared, HTTPS not',
      `${MINIMAL} http_server { enabled on; listen 80; https { enabled on; listen 443; } }
       http_api { enabled on; listen 80; https { enabled on; listen 444; } }`,
      'http_api.https.listen',
      2,
    ],
    [
      'HTTPS shared, HTTP not',
      `${MINIMAL} ${SERVER} https { enabled on; listen 443; } }
       ${HTTP} https { enabled on; listen 443; } }`,
      'http_api.https.listen',
      2,
    ],
    ['rtmps without listen', `${MINIMAL}\nrtmps { enabled on; }`, 'rtmps.listen', 2],
    [
      'a caster of FLV without output',
      `${MINIMAL}\nstream_caster { enabled on; caster flv; listen 1; }`,
      'stream_caster.output',
      2,
    ],
    [
      'a caster whose output is no RTMP url',
      `${MINIMAL}\nstream_caster { enabled on; caster flv; listen 1;\noutput http://a/b/c; }`,
      'stream_caster.output',
      3,
    ],
    [
      'a mount that can serve nothing',
      'listen 1; vhost a { http_remux { enabled on;\nmount /[app]/[stream].flv /[app].ts; } }',
      'vhost.http_remux.mount',
      2,
    ],
    [
      'PROXY headers from nobody',
      `${MINIMAL}\nmillrace { proxy_protocol rtmp; }`,
      'millrace.proxy_protocol',
      2,
    ],
    [
      'a caster without listen',
      `${MINIMAL}\nstream_caster { enabled on; caster flv; }`,
      'stream_caster.listen',
      2,
    ],
    [
      'a caster without kind',
      `${MINIMAL}\nstream_caster { enabled on; listen 1; }`,
      'stream_caster.caster',
      2,
    ],
    ['a vhost without name', `${MINIMAL}\nvhost { }`, 'vhost', 2],
    [
      'HLS and HTTP-TS in one vhost',
      'listen 1; vhost a { hls { enabled on; }\nhttp_remux { enabled on; mount /[stream].ts; } }',
      'vhost.http_remux.mount',
      2,
    ],
    [
      'a caster with a url that SRT cannot call',
      `${MINIMAL} stream_caster { enabled on; caster srt; output rtmp://a/b/c;\ninput srt://h?latency=x; }`,
      'stream_caster.input',
      2,
    ],
    [
      'a forward to a url that SRT cannot call',
      'listen 1; vhost a { forward { enabled on;\ndestination srt://b srt://c/live/d; } }',
      'vhost.forward.destination',
      2,
    ],
    [
      'forward and kickoff_for_idle',
      'listen 1; vhost a { forward { enabled on; destination b; }\npublish { kickoff_for_idle 1; } }',
      'vhost.publish.kickoff_for_idle',
      2,
    ],
  ])('refuse %s', (_, text, path, line) => {
    const error = errorOf(() => load(text));
    expect(error).toMatchObject({ fault: 'value', code: 'CONFIG_INVALID', path });
    expect(error.line ?? 0).toBe(line);
  });

  it('refuse a certificate that cannot be read, where it is used', () => {
    const asked: string[] = [];
    const machine = {
      canRead: (path: string, workDir: string) => {
        asked.push(`${workDir} ${path}`);
        return path.endsWith('.crt');
      },
    };
    const text = `listen 1; work_dir /srv; vhost a { }
      http_server { enabled on; https { enabled off; key ./no.key; } }
      rtmps { enabled on; listen 2;\ncert ./a.crt;\nkey ./a.key; }`;
    const error = errorOf(() => load(text, { machine }));
    expect(error).toMatchObject({ path: 'rtmps.key', line: 5 });
    expect(error.message).toContain('./a.key cannot be read');
    expect(asked).toEqual(['/srv ./a.crt', '/srv ./a.key']);
  });

  it.each([
    `${MINIMAL} asprocess on; daemon off;`,
    `${MINIMAL} ${SERVER} } ${HTTP} }`,
    `${MINIMAL} http_server { enabled on; listen 80; } http_api { enabled on; listen 80; }`,
    `${MINIMAL} http_server { enabled on; listen 80; https { enabled on; listen 443; } }
     http_api { enabled on; listen 80; https { enabled on; } }`,
    'listen 1; vhost a { hls { enabled on; } http_remux { mount /[stream].ts; } }',
    'listen 1; vhost a { forward { destination b; } publish { kickoff_for_idle 1; } }',
  ])('take %s', (text) => {
    expect(() => load(text)).not.toThrow();
  });

  it('name the variable when the fault comes from the environment', () => {
    const error = errorOf(() => load(MINIMAL, { env: { SRS_MAX_CONNECTIONS: '0' } }));
    expect(error.message).toBe('environment SRS_MAX_CONNECTIONS: max_connections must be >= 1');
    expect(error).toMatchObject({ file: undefined, line: undefined });
  });

  it('compare max_connections with the open files of the process', () => {
    const at = (openFiles: number) => () => load(MINIMAL, { machine: { openFiles } });
    expect(at(1129)).not.toThrow();
    expect(errorOf(at(1128)).message).toContain('ulimit -n');
  });

  it('compare stats.network with the addresses of the machine', () => {
    const at = (localAddresses: number) => () =>
      load(`${MINIMAL} stats { network 1; }`, { machine: { localAddresses } });
    expect(at(2)).not.toThrow();
    expect(errorOf(at(1)).path).toBe('stats.network');
  });
});

describe('what is accepted only', () => {
  it('is named by its block, once, and only when it is on', () => {
    const { accepted } = load(`
      ${MINIMAL} asprocess off; empty_ip_ok on; stats { network 0; }
      rtc_server { enabled off; listen 8001; }
      vhost a { dvr { enabled on; dvr_plan segment; } dash { dash_fragment 3; } }
      vhost b { dvr { enabled on; } cluster { mode remote; origin x; } security { enabled on; } }
      vhost c { enabled off; dvr { enabled on; } rtc { enabled on; } }
    `);
    expect(accepted).toEqual(['vhost.dvr', 'vhost.cluster']);
  });

  it('is named by its directive where the block is acted upon', () => {
    const text = 'listen 1; vhost a { } tcmalloc_release_rate 3; http_api { enabled on; }';
    expect(load(text).accepted).toEqual(['tcmalloc_release_rate']);
  });

  it('may come from the environment', () => {
    expect(load(MINIMAL, { env: { SRS_VHOST_DASH_ENABLED: 'on' } }).accepted).toEqual([
      'vhost.dash',
    ]);
  });
});

describe('variables that change nothing', () => {
  it.each([
    ['SRS_VHOST_HLS_FRAGMENT', 'did you mean "SRS_VHOST_HLS_HLS_FRAGMENT"?'],
    ['SRS_LISTE', 'did you mean "SRS_LISTEN"?'],
    ['SRS_VHOST_SECURITY_ENABLED', 'vhost.security.enabled can only be set in a file'],
  ])('%s: %s', (name, hint) => {
    const { warnings } = load(MINIMAL, { env: { [name]: 'on' } });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`environment ${name} is not read`);
    expect(warnings[0]).toContain(hint);
  });

  it.each([
    ['SRS_CONFIG_FILE', 'x.conf'],
    ['SRS_DEVICE_IP', '192.0.2.1'],
    ['SRS_SERVER_PORT', 'tcp://10.0.0.1:1935'],
    ['SRS_PORT_1935_TCP_ADDR', '10.0.0.1'],
    ['SRS_SERVICE_HOST', '10.0.0.1'],
    ['SRS_LISTE', ''],
    ['LISTEN', '1'],
    ['SRS_SOMETHING_ELSE_ALTOGETHER_OF_ANOTHER_PROGRAM', '1'],
  ])('%s is none of ours', (name, value) => {
    expect(load(MINIMAL, { env: { [name]: value } }).warnings).toEqual([]);
  });
});

describe('files of older versions', () => {
  it('load with one meaning', () => {
    const { config, warnings } = load(`
      listen 1935;
      chunk_size 4096;
      http_stream { enabled on; listen 8081; }
      vhost __defaultVhost__ {
        http { enabled on; dir ./x; }
        gop_cache off; queue_length 10; mw_latency 100; send_min_interval 10.5;
        mr { enabled on; latency 400; }
        publish_1stpkt_timeout 30000; publish_normal_timeout 7000;
        refer a.example; refer_play b.example;
        mode remote; origin 127.0.0.1:1936 b.example;
        rtc { aac transcode; bframe keep; }
      }`);
    expect(warnings).toEqual([]);
    expect(config.httpServer).toMatchObject({ enabled: true, listen: [{ port: 8081 }] });
    expect(vhostFor(config, 'x')).toMatchObject({
      chunkSize: 4096,
      httpStatic: { enabled: true, dir: './x' },
      play: { gopCache: false, queueLengthMs: 10_000, mwLatencyMs: 100, sendMinIntervalMs: 10.5 },
      publish: { mr: true, mrLatencyMs: 400, firstpktTimeoutMs: 30_000, normalTimeoutMs: 7000 },
      refer: { enabled: true, all: ['a.example'], play: ['b.example'] },
      cluster: { mode: 'remote', origins: ['127.0.0.1:1936', 'b.example'] },
      rtc: { rtmpToRtc: true, keepBframe: true },
    });
  });
});
