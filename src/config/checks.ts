import { hasUser } from '../auth/api-credentials.ts';
import { ConfigError, type Origin } from './config-error.ts';
import { sameEndpoints } from './endpoint.ts';
import { DEFAULT_VHOST, type MillraceConfig, type VhostConfig } from './millrace-config.ts';

/** Facts about the machine that some values are checked against; what is left out is not checked. */
export interface MachineLimits {
  /** RLIMIT_NOFILE of this process. */
  readonly openFiles?: number;
  /** Number of local IP addresses. */
  readonly localAddresses?: number;
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
  [...config.vhosts.values()].forEach((vhost, index) => {
    checkVhost(vhost, `vhosts.${index}`, fail);
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
    fail('srs_log_file', 'log.file', 'is empty, but srs_log_tank is file');
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
    fail('http_api.https.enabled', 'httpApi.https.enabled', 'needs http_api.enabled on');
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
    fail('http_server.https.enabled', 'httpServer.https.enabled', 'needs http_server.enabled on');
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
      fail('stream_caster.caster', `${field}.caster`, 'is missing');
    }
    if (caster.listen.length === 0) {
      fail('stream_caster.listen', `${field}.listen`, 'is missing');
    }
  });
}

function checkVhost(vhost: VhostConfig, field: string, fail: Fail) {
  const { name, hls, httpRemux, forward, publish } = vhost;
  if (name === '') {
    fail('vhost', field, 'has no name', `e.g. vhost ${DEFAULT_VHOST} { }`);
  }
  checkHooks(vhost.httpHooks, `${field}.httpHooks`, fail);
  if (hls.enabled && httpRemux.enabled && httpRemux.mount.endsWith('.ts')) {
    fail(
      'vhost.http_remux.mount',
      `${field}.httpRemux.mount`,
      'ends with .ts as the segments of hls in this vhost do',
    );
  }
  if (forward.enabled && publish.kickoffForIdleMs > 0) {
    fail(
      'vhost.publish.kickoff_for_idle',
      `${field}.publish.kickoffForIdleMs`,
      'does not go with vhost.forward, which is no player',
    );
  }
}

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
      fail(
        `vhost.http_hooks.${name}`,
        `${field}.${key}`,
        `"${wrong}" is no url that can be called`,
        'write http://host[:port]/path or https://host[:port]/path',
      );
    }
  }
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
