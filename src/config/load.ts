import { readFileSync } from 'node:fs';
import { acceptedOnly } from './accepted.ts';
import { checkConfig, type MachineLimits } from './checks.ts';
import { ConfigError, type Origin } from './config-error.ts';
import { childNamed, type Directive } from './directive.ts';
import { type Environment, unreadVariables } from './environment.ts';
import { DEFAULT_VHOST, type MillraceConfig } from './millrace-config.ts';
import { parseConfigFile, parseConfigText, type ReadFile } from './parser.ts';
import { readTree, type SetValues } from './read-tree.ts';
import { resolveConfig } from './resolve.ts';
import type { rootSchema } from './schema/root.ts';
import { replaceOldSpellings } from './transform.ts';
import { validateValues } from './validate.ts';

/** What a configuration is made from. */
export interface LoadOptions {
  /** Path of the file, from `-c`; `SRS_CONFIG_FILE` replaces it. */
  readonly file?: string | undefined;
  /** `-e`: read no file; also meant by any value of `SRS_ENV_ONLY`. */
  readonly envOnly?: boolean;
  readonly env: Environment;
  /** Reads files from disk unless given. */
  readonly readFile?: ReadFile;
  /** Whether the process runs in a container; `in_docker on` says so too. */
  readonly docker?: boolean;
  readonly machine?: MachineLimits;
}

/** A configuration that may be started with. */
export interface LoadedConfig {
  readonly config: MillraceConfig;
  /** One line each, beginning with the place. */
  readonly warnings: readonly string[];
  /** Blocks and directives that were set and that this version does not act on. */
  readonly accepted: readonly string[];
  /** The file as it was written, old spellings replaced; empty in env-only mode. */
  readonly tree: Directive;
  /** The file that was read, if one was. */
  readonly file: string | undefined;
  /** That file and those that it includes; empty in env-only mode. */
  readonly files: readonly string[];
}

/**
 * Reads, checks and types a configuration: file, then old spellings, then environment over it.
 * Synchronous, because nothing can start before it and a reload must not see two states of a file.
 * @throws ConfigError for everything that is wrong with it.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { env, readFile = readUtf8 } = options;
  const envOnly = (options.envOnly ?? false) || Boolean(env.SRS_ENV_ONLY);
  const file = envOnly ? undefined : env.SRS_CONFIG_FILE || options.file;
  if (!envOnly && !file) {
    throw new ConfigError('file', 'no config file at ', {
      hint: 'name one with -c, or use -e to take everything from the environment',
    });
  }
  const files: string[] = [];
  const readAndNote: ReadFile = (path) => {
    files.push(path);
    return readFile(path);
  };
  const written = file === undefined ? parseConfigText('') : parseConfigFile(file, readAndNote);
  const tree = replaceOldSpellings(written);
  const { values, origins, warnings } = readTree(withAnyVhost(tree, envOnly), env);

  const findOrigin = (field: string) => nearestOrigin(field, origins);
  refuseFullConf(values, origins.get('process.isFull'));
  refuseMissingListen(values, envOnly, file);
  expandCandidate(values, env);
  setModeDefaults(values, envOnly, options.docker ?? false);
  validateValues(values, 'directive', findOrigin);
  const config = resolveConfig(values);
  checkConfig(config, options.machine ?? {}, (path, field) => ({
    path,
    origin: findOrigin(field),
  }));
  return {
    config,
    warnings: [...warnings, ...unreadVariables(env), ...(config.vhosts.size > 0 ? [] : [NO_VHOST])],
    accepted: acceptedOnly(values),
    tree,
    file,
    files,
  };
}

const NO_VHOST = `no vhost is configured, so every client is refused: add vhost ${DEFAULT_VHOST} { }`;

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Without a file there is still one vhost, so that the environment has something to configure. */
function withAnyVhost(tree: Directive, envOnly: boolean): Directive {
  if (!envOnly || childNamed(tree, 'vhost')) {
    return tree;
  }
  const vhost: Directive = {
    name: 'vhost',
    args: [DEFAULT_VHOST],
    children: [],
    isBlock: true,
    file: tree.file,
    line: 0,
  };
  return { ...tree, children: [...tree.children, vhost] };
}

/** What was not set has no place of its own: the nearest block around it has. */
function nearestOrigin(field: string, origins: ReadonlyMap<string, Origin>): Origin | undefined {
  for (let at = field; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const origin = origins.get(at);
    if (origin) {
      return origin;
    }
  }
  return undefined;
}

function group(values: SetValues, field: keyof (typeof rootSchema)['fields']): SetValues {
  const found = (values[field] ?? {}) as SetValues;
  values[field] = found;
  return found;
}

function refuseFullConf(values: SetValues, origin: Origin | undefined): void {
  if (group(values, 'process').isFull === true) {
    throw new ConfigError('value', 'this file is the reference, not a configuration', {
      path: 'is_full',
      origin,
      hint: 'copy what you need from it',
    });
  }
}

function refuseMissingListen(values: SetValues, envOnly: boolean, file: string | undefined): void {
  if (!envOnly && group(values, 'rtmp').listen === undefined) {
    throw new ConfigError('value', `no "listen" in ${file ?? 'the configuration'}`, {
      path: 'rtmp.listen',
      hint: 'e.g. listen 1935;',
    });
  }
}

/** `$NAME` is the only variable that a value may be; unset means "find the address". */
function expandCandidate(values: SetValues, env: Environment): void {
  const rtcServer = group(values, 'rtcServer');
  const { candidate } = rtcServer;
  if (typeof candidate === 'string' && candidate.startsWith('$')) {
    rtcServer.candidate = env[candidate.slice(1)] || '*';
  }
}

/** A container collects what is printed, and ends when its first process does. */
function setModeDefaults(values: SetValues, envOnly: boolean, docker: boolean): void {
  const process = group(values, 'process');
  if (envOnly) {
    process.daemon ??= false;
  }
  if (envOnly || docker || process.inDocker === true) {
    group(values, 'log').tank ??= 'console';
  }
}
