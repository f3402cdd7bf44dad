import { isAbsolute, relative, resolve, sep } from 'node:path';
import { hasUser } from '../auth/api-credentials.ts';
import { parseCasterOutput } from './caster-output.ts';
import { checkSrtDestinations, checkSrtInput, checkSrtServer } from './check-srt.ts';
import { ConfigError, type Origin } from './config-error.ts';
import { type Endpoint, formatEndpoint, sameEndpoints } from './endpoint.ts';
import { DEFAULT_VHOST, type MillraceConfig, type VhostConfig } from './millrace-config.ts';
import { mountFault, mountFormat } from './mount-format.ts';

/** Facts about the machine that some values are checked against; what is left out is not checked. */
export interface MachineLimits {
  /** RLIMIT_NOFILE of this process. */
  readonly openFiles?: number;
  /** Number of local IP addresses. */
  readonly localAddresses?: number;
  /** Whether a file can be read, by its path as the server will see it once it is in `work_dir`. */
  readonly canRead?: (path: string, workDir: string) => boolean;
}

/** Where a value was set and how its place is called. */
export interface ValuePlace {
  readonly path: string;
  readonly origin: Origin | undefined;
}

/**
 * Finds the place of a value.
 * @param path   its directive, e.g. `vhost.hls.hls_fragment`.
 * @param field  its dotted field, with the index of its vhost, e.g. `vhosts.0.hls.fragmentMs`.
 */
export type Locate = (path: string, field: string) => ValuePlace;

/** Descriptors that are no client connections: listeners, logs, files being written. */
const RESERVED_FILES = 128;
/**
 * Checks values against each other and against the machine.
 * @throws ConfigError `value`, naming the directive.
 */
export function checkConfig(config: MillraceConfig, machine: MachineLimits, locate: Locate): void {
  const fail: Fail = (directive, field, what, hint) => {
    const { path, origin } = locate(directive, field);
    throw new ConfigError('value', `${path}: ${what}`, { path, origin, hint });
  };
  checkProcess(config, machine, fail);
  checkHttp(config, fail);
  checkListeners(config, fail);
  checkPorts(config, fail);
  checkCertificates(config, machine, fail);
  if (config.heartbeat.enabled && !isHttpUrl(config.heartbeat.url)) {
    fail('heartbeat.url', 'heartbeat.url', `"${config.heartbeat.url}" ${NOT_CALLABLE}`, URL_HINT);
  }
  checkSrtServer(config, fail);
  checkProxies(config, fail);
  [...config.vhosts.values()].forEach((vhost, index) => {
    checkVhost(vhost, `vhosts.${index}`, fail);
    checkAuth(vhost, config, `vhosts.${index}`, fail);
  });
}

type Fail = (path: string, field: string, what: string, hint?: string) => never;

function checkProcess({ process, log, stats }: MillraceConfig, machine: MachineLimits, fail: Fail) {
  const { maxConnections } = process;
  if (machine.openFiles !== undefined && maxConnections + RESERVED_FILES >= machine.openFiles) {
    fail(
      'max_connections',
      'process.maxConnections',
      `${maxConnections} and ${RESERVED_FILES} more do not fit into ` +
        `${machine.openFiles} open files`,
      `raise the limit, e.g. ulimit -n ${maxConnections + 2 * RESERVED_FILES}`,
    );
  }
  if (process.asprocess && process.daemon) {
    fail('asprocess', 'process.asprocess', 'does not go with daemon on', 'set daemon off');
  }
  if (log.tank === 'file' && log.file === '') {
    fail(
      'srs_log_file',
      'log.file',
      'is empty, but srs_log_tank is file',
      'name a file, or set srs_log_tank console',
    );
  }
  if (machine.localAddresses !== undefined && stats.network >= machine.localAddresses) {
    fail(
      'stats.network',
      'stats.network',
      `${stats.network} is none of the ${machine.localAddresses} local addresses`,
      'the first one is 0',
    );
  }
}

function checkHttp({ httpApi, httpServer }: MillraceConfig, fail: Fail) {
  if (httpApi.https.enabled && !httpApi.enabled) {
    fail(
      'http_api.https.enabled',
      'httpApi.https.enabled',
      'needs http_api.enabled on',
      'write enabled on; in http_api, outside of https',
    );
  }
  const { auth } = httpApi;
  if (auth.enabled && !hasUser(auth) && auth.tokens.length === 0) {
    fail(
      'http_api.auth.enabled',
      'httpApi.auth.enabled',
      'is on, but there are neither username and password nor tokens',
    );
  }
  if (httpServer.https.enabled && !httpServer.enabled) {
    fail(
      'http_server.https.enabled',
      'httpServer.https.enabled',
      'needs http_server.enabled on',
      'write enabled on; in http_server, outside of https',
    );
  }
  if (!httpApi.enabled || !httpServer.enabled) {
    return;
  }
  if (!httpApi.https.enabled || !httpServer.https.enabled) {
    return;
  }
  const http = sameEndpoints(httpApi.listen, httpServer.listen);
  const https = sameEndpoints(httpApi.https.listen, httpServer.https.listen);
  if (http !== https) {
    fail(
      'http_api.https.listen',
      'httpApi.https.listen',
      http
        ? 'API and HTTP server share their HTTP port, so they must share the HTTPS port too'
        : 'API and HTTP server share their HTTPS port, so they must share the HTTP port too',
      'let both listen directives be the same in both blocks, or neither',
    );
  }
}

function checkProxies({ millrace }: MillraceConfig, fail: Fail) {
  if (millrace.proxyProtocol.length > 0 && millrace.trustedProxies.length === 0) {
    fail(
      'millrace.proxy_protocol',
      'millrace.proxyProtocol',
      'needs millrace.trusted_proxies: only from them a PROXY header is taken',
      'e.g. trusted_proxies 127.0.0.1;',
    );
  }
}

function checkListeners({ rtmps, streamCasters }: MillraceConfig, fail: Fail) {
  if (rtmps.enabled && rtmps.listen.length === 0) {
    fail('rtmps.listen', 'rtmps.listen', 'is missing', 'e.g. listen 1443;');
  }
  streamCasters.forEach((caster, index) => {
    if (!caster.enabled) {
      return;
    }
    const field = `streamCasters.${index}`;
    if (caster.caster === undefined) {
      fail('stream_caster.caster', `${field}.caster`, 'is missing', 'e.g. caster flv;');
    }
    if (caster.caster === 'srt') {
      if (caster.input === '') {
        fail('stream_caster.input', `${field}.input`, 'is missing', 'e.g. input srt://host:10080;');
      }
      checkSrtInput(caster.input, field, fail);
    } else if (caster.listen.length === 0) {
      fail('stream_caster.listen', `${field}.listen`, 'is missing', 'e.g. listen 8936;');
    }
    if (caster.caster === 'flv' && !parseCasterOutput(caster.output ?? '')) {
      fail(
        'stream_caster.output',
        `${field}.output`,
        caster.output === undefined ? 'is missing' : `"${caster.output}" is no RTMP url`,
        'e.g. output rtmp://127.0.0.1/[app]/[stream];',
      );
    }
  });
}

/** A port that two directives name would be taken by the first, and the start would blame this server. */
function checkPorts(config: MillraceConfig, fail: Fail) {
  const { rtmp, rtmps, httpServer, httpApi } = config;
  const wanted: readonly (readonly [
    on: boolean,
    path: string,
    field: string,
    list: readonly Endpoint[],
  ])[] = [
    [true, 'rtmp.listen', 'rtmp.listen', rtmp.listen],
    [rtmps.enabled, 'rtmps.listen', 'rtmps.listen', rtmps.listen],
    [httpServer.enabled, 'http_server.listen', 'httpServer.listen', httpServer.listen],
    [
      httpServer.enabled && httpServer.https.enabled,
      'http_server.https.listen',
      'httpServer.https.listen',
      httpServer.https.listen,
    ],
    [
      httpApi.enabled && !(httpServer.enabled && sameEndpoints(httpApi.listen, httpServer.listen)),
      'http_api.listen',
      'httpApi.listen',
      httpApi.listen,
    ],
    [
      httpApi.enabled &&
        httpApi.https.enabled &&
        !(httpServer.https.enabled && sameEndpoints(httpApi.https.listen, httpServer.https.listen)),
      'http_api.https.listen',
      'httpApi.https.listen',
      httpApi.https.listen,
    ],
  ];
  const owners = new Map<string, string>();
  for (const [on, path, field, list] of wanted) {
    for (const endpoint of on ? list : []) {
      const text = formatEndpoint(endpoint);
      const owner = owners.get(text);
      if (owner !== undefined && endpoint.port !== 0) {
        fail(path, field, `${text} is the port of ${owner} already`, 'choose another port');
      }
      owners.set(text, path);
    }
  }
}

/** The start would fail with the same, but only when other things were done already. */
function checkCertificates(config: MillraceConfig, { canRead }: MachineLimits, fail: Fail) {
  const { rtmps, httpServer, httpApi, process } = config;
  const blocks = [
    ['rtmps', 'rtmps', rtmps],
    ['http_server.https', 'httpServer.https', httpServer.https],
    ['http_api.https', 'httpApi.https', httpApi.https],
  ] as const;
  for (const [path, field, block] of blocks) {
    for (const name of ['cert', 'key'] as const) {
      if (block.enabled && canRead?.(block[name], process.workDir) === false) {
        fail(
          `${path}.${name}`,
          `${field}.${name}`,
          `${block[name]} cannot be read`,
          'it takes a PEM file; paths start in work_dir',
        );
      }
    }
  }
}

function checkVhost(vhost: VhostConfig, field: string, fail: Fail) {
  const { name, hls, httpRemux, forward, publish } = vhost;
  if (name === '') {
    fail('vhost', field, 'has no name', `e.g. vhost ${DEFAULT_VHOST} { }`);
  }
  checkHooks(vhost.httpHooks, `${field}.httpHooks`, fail);
  if (httpRemux.enabled) {
    checkMounts(httpRemux.mounts, hls.enabled, (what, hint) => {
      fail('vhost.http_remux.mount', `${field}.httpRemux.mounts`, what, hint);
    });
  }
  checkSrtDestinations(vhost, field, fail);
  if (forward.enabled && publish.kickoffForIdleMs > 0) {
    fail(
      'vhost.publish.kickoff_for_idle',
      `${field}.publish.kickoffForIdleMs`,
      'does not go with vhost.forward, which is no player',
      'set it to 0, or forward off',
    );
  }
}

const NOT_CALLABLE = 'is no url that can be called';
const URL_HINT = 'write http://host[:port]/path or https://host[:port]/path';

/** The directives of `http_hooks` that hold urls. */
const HOOKS = [
  ['onConnect', 'on_connect'],
  ['onClose', 'on_close'],
  ['onPublish', 'on_publish'],
  ['onUnpublish', 'on_unpublish'],
  ['onPlay', 'on_play'],
  ['onStop', 'on_stop'],
  ['onDvr', 'on_dvr'],
  ['onHls', 'on_hls'],
  ['onHlsNotify', 'on_hls_notify'],
] as const;

function checkHooks(hooks: VhostConfig['httpHooks'], field: string, fail: Fail) {
  if (!hooks.enabled) {
    return;
  }
  for (const [key, name] of HOOKS) {
    const wrong = hooks[key].find((url) => !isHttpUrl(url));
    if (wrong !== undefined) {
      fail(`vhost.http_hooks.${name}`, `${field}.${key}`, `"${wrong}" ${NOT_CALLABLE}`, URL_HINT);
    }
  }
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** A guard that could be walked around must not look like one. */
function checkAuth({ auth, hls }: VhostConfig, config: MillraceConfig, field: string, fail: Fail) {
  if (!auth.enabled || (!auth.publish && !auth.play)) {
    return;
  }
  if (auth.tokenKeys.length === 0 && auth.users.length === 0) {
    fail(
      'vhost.auth',
      `${field}.auth`,
      'has neither token_key nor user, so nobody could be let in',
      'millrace token --new-key makes a key, millrace passwd NAME a user',
    );
  }
  if (!auth.play || !hls.enabled || !config.httpServer.enabled) {
    return;
  }
  if (!hls.ctx) {
    fail(
      'vhost.hls.hls_ctx',
      `${field}.hls.ctx`,
      'is off, so that viewers of HLS would not be asked for what vhost.auth wants',
      'set hls_ctx on, or auth.play off',
    );
  }
  const served = servedFolders(config).find((folder) => isBelow(hls.path, folder));
  if (!hls.memoryOnly && served !== undefined) {
    fail(
      'vhost.hls.hls_path',
      `${field}.hls.path`,
      `lies in ${served}, whose files are served to everybody, also without what vhost.auth wants`,
      'set hls_memory_only on, or another hls_path',
    );
  }
}

function servedFolders({ httpServer, vhosts }: MillraceConfig): readonly string[] {
  const mounted = [...vhosts.values()].filter(({ httpStatic }) => httpStatic.enabled);
  return [httpServer.dir, ...mounted.map(({ httpStatic }) => httpStatic.dir)];
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function checkMounts(
  mounts: readonly string[],
  hlsEnabled: boolean,
  fail: (what: string, hint: string) => never,
) {
  for (const mount of mounts) {
    const fault = mountFault(mount);
    if (fault) {
      fail(fault, 'e.g. mount [vhost]/[app]/[stream].flv;');
    }
    if (hlsEnabled && mountFormat(mount) === 'ts') {
      fail(
        `"${mount}" ends with .ts as the segments of hls in this vhost do`,
        'use another extension, or another vhost for one of the two',
      );
    }
  }
}
