import { isIP } from 'node:net';
import { parsePasswordHash } from '../../auth/password.ts';
import { atof, atoi } from '../c-number.ts';
import type { Directive } from '../directive.ts';
import { type Endpoint, parseEndpoint } from '../endpoint.ts';

/** JSON Schema, as far as the tables use it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A value that the words of a directive stand for, or why they stand for none. */
export type Reading<T> = { readonly value: T } | { readonly fault: string };

/** How the words of a directive become a value. */
export interface Kind<T> {
  /** Shown in the reference, e.g. `B0` or `list of endpoints`. */
  readonly name: string;
  /**
   * What is read: the arguments of the first directive of that name, those of all of them, or the
   * children of the first.
   */
  readonly reads: 'first' | 'all' | 'children';
  /** Whether an environment value is cut at spaces into several words. */
  readonly isList: boolean;
  /** @param lines  one list of words per directive; never empty, and no line of `first` is. */
  read(lines: readonly (readonly string[])[]): Reading<T>;
  /** What the value must look like in an object given to `configFromObject`. */
  readonly schema: JsonSchema;
}

function scalar<T>(name: string, schema: JsonSchema, convert: (word: string) => T): Kind<T> {
  return {
    name,
    reads: 'first',
    isList: false,
    read: ([words]) => ({ value: convert(words?.[0] ?? '') }),
    schema,
  };
}

/** "Prefer off": true only for exactly `on`. */
export const B0: Kind<boolean> = scalar('B0', { type: 'boolean' }, (word) => word === 'on');

/** "Prefer on": false only for exactly `off`. */
export const B1: Kind<boolean> = scalar('B1', { type: 'boolean' }, (word) => word !== 'off');

export const INT: Kind<number> = scalar('int', { type: 'integer' }, atoi);
export const FLOAT: Kind<number> = scalar('float', { type: 'number' }, atof);
export const BYTES: Kind<number> = scalar('bytes', { type: 'integer' }, atoi);

/** Written and kept in milliseconds, whole ones. */
export const MILLISECONDS: Kind<number> = scalar('ms', { type: 'integer' }, atoi);

/** Written and kept in milliseconds, with a fraction. */
export const FLOAT_MILLISECONDS: Kind<number> = scalar('ms (float)', { type: 'number' }, atof);

/** Written in seconds, with a fraction; kept in milliseconds. */
export const SECONDS: Kind<number> = scalar('s', { type: 'number' }, (word) =>
  Math.round(Math.min(atof(word), Number.MAX_SAFE_INTEGER / 1000) * 1000),
);

/** Written in whole seconds, a fraction is ignored; kept in milliseconds. */
export const WHOLE_SECONDS: Kind<number> = scalar(
  's (int)',
  { type: 'number' },
  (word) => Math.min(atoi(word), Number.MAX_SAFE_INTEGER / 1000) * 1000,
);

export const TEXT: Kind<string> = scalar('str', { type: 'string' }, (word) => word);
export const PATH: Kind<string> = scalar('path', { type: 'string' }, (word) => word);
export const URL_TEXT: Kind<string> = scalar('url', { type: 'string' }, (word) => word);

/** Text with variables such as `[vhost]`, `[app]` and `[stream]`. */
export const TEMPLATE: Kind<string> = scalar('template', { type: 'string' }, (word) => word);

/** All words of the directive. */
export const LIST: Kind<readonly string[]> = {
  name: 'list',
  reads: 'first',
  isList: true,
  read: ([words = []]) => ({ value: words }),
  schema: { type: 'array', items: { type: 'string' } },
};

/** One or more `port`, `ip:port` or `[v6]:port`. */
export const ENDPOINTS: Kind<readonly Endpoint[]> = {
  name: 'endpoints',
  reads: 'first',
  isList: true,
  read([words = []]) {
    const endpoints: Endpoint[] = [];
    for (const word of words) {
      const endpoint = parseEndpoint(word);
      if (!endpoint) {
        return { fault: `"${word}" is no endpoint: write port, ip:port or [ipv6]:port` };
      }
      endpoints.push(endpoint);
    }
    return { value: endpoints };
  },
  schema: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        address: { type: 'string' },
        port: { type: 'integer', minimum: 0, maximum: 65535 },
      },
      required: ['address', 'port'],
      additionalProperties: false,
    },
  },
};

/** Command lines, one per directive of that name. */
export const COMMAND_LINES: Kind<readonly (readonly string[])[]> = {
  name: 'command lines',
  reads: 'all',
  isList: true,
  read: (lines) => ({ value: lines.filter((words) => words.length > 0) }),
  schema: { type: 'array', items: { type: 'array', items: { type: 'string' } } },
};

/** The children of a block that holds free words, e.g. FFmpeg options: `[name, ...args]` each. */
export const FREE_BLOCK: Kind<readonly (readonly string[])[]> = {
  ...COMMAND_LINES,
  name: 'block',
  reads: 'children',
};

/** Networks in CIDR notation, or single addresses. */
export const NETWORKS: Kind<readonly string[]> = {
  name: 'networks',
  reads: 'first',
  isList: true,
  read([words = []]) {
    const bad = words.find((word) => word === 'all' || !isAccessSource(word));
    return bad === undefined
      ? { value: words }
      : { fault: `"${bad}" is no network: write an IP address or a network as 10.0.0.0/8` };
  },
  schema: { type: 'array', items: { type: 'string' } },
};

/** Any of some words, each at most once. */
export function someOf<const W extends string>(words: readonly W[]): Kind<readonly W[]> {
  return {
    name: `${words.join('|')} ...`,
    reads: 'first',
    isList: true,
    read([line = []]) {
      const bad = line.find((word) => !words.some((known) => known === word));
      return bad === undefined
        ? { value: words.filter((word) => line.includes(word)) }
        : { fault: `"${bad}" is none of ${words.join(', ')}` };
    },
    schema: { type: 'array', items: { enum: words } },
  };
}

/** One line of `security`: who may do what. */
export interface AccessRule {
  readonly action: 'play' | 'publish';
  /** `all`, an IP address, or a network in CIDR notation. */
  readonly from: string;
}

/** `play|publish all|ip|cidr`, one per directive of that name. */
export const ACCESS_RULES: Kind<readonly AccessRule[]> = {
  name: 'access rules',
  reads: 'all',
  isList: true,
  read(lines) {
    const rules: AccessRule[] = [];
    for (const [action, from = ''] of lines) {
      if ((action !== 'play' && action !== 'publish') || !isAccessSource(from)) {
        return { fault: `"${action ?? ''} ${from}" is no rule: write play|publish all|ip|cidr` };
      }
      rules.push({ action, from });
    }
    return { value: rules };
  },
  schema: {
    type: 'array',
    items: {
      type: 'object',
      properties: { action: { enum: ['play', 'publish'] }, from: { type: 'string' } },
      required: ['action', 'from'],
      additionalProperties: false,
    },
  },
};

function isAccessSource(text: string): boolean {
  return text === 'all' || isNetwork(text);
}

/** Whether the text is an IP address, or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (rest.length > 0 || family === 0) {
    return false;
  }
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
  );
}

/** A secret that signs tokens. */
export interface TokenKey {
  /** What tokens call it: `kid`. */
  readonly id: string;
  readonly secret: string;
}

/** As long as the hash at least: RFC 7518 §3.2. */
const MIN_SECRET_BYTES = 32;

/** `ID SECRET`, one per directive of that name. */
export const TOKEN_KEYS: Kind<readonly TokenKey[]> = {
  name: 'token keys',
  reads: 'all',
  isList: true,
  read(lines) {
    const keys: TokenKey[] = [];
    for (const [id = '', secret = '', ...rest] of lines) {
      // What is wrong is said without the secret.
      if (!/^[\w-]{1,64}$/.test(id) || rest.length > 0) {
        return {
          fault: `"${id}" is no key: write an id of letters, digits, _ and -, and a secret`,
        };
      }
      if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
        return {
          fault: `the secret of "${id}" is shorter than ${MIN_SECRET_BYTES} bytes; millrace token --new-key makes one`,
        };
      }
      if (keys.some((key) => key.id === id)) {
        return { fault: `there are two keys "${id}"` };
      }
      keys.push({ id, secret });
    }
    return { value: keys };
  },
  schema: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        id: { type: 'string', pattern: '^[\\w-]{1,64}$' },
        secret: { type: 'string', minLength: MIN_SECRET_BYTES },
      },
      required: ['id', 'secret'],
      additionalProperties: false,
    },
  },
};

/** What a user may do. */
export interface UserRight {
  readonly action: 'publish' | 'play' | 'all';
  /** Pattern of `app/stream`. */
  readonly path: string;
}

/** Somebody with a password. */
export interface UserEntry {
  readonly name: string;
  /** See `parsePasswordHash`. */
  readonly hash: string;
  readonly rights: readonly UserRight[];
}

/** `NAME HASH RIGHT...`, one per directive of that name. */
export const USERS: Kind<readonly UserEntry[]> = {
  name: 'users',
  reads: 'all',
  isList: true,
  read(lines) {
    const users: UserEntry[] = [];
    for (const [name = '', hash = '', ...words] of lines) {
      if (parsePasswordHash(hash) === undefined) {
        return { fault: `user "${name}" has no hash of a password; millrace passwd makes one` };
      }
      const rights = words.map(readRight);
      const wrong = rights.indexOf(undefined);
      if (wrong >= 0 || rights.length === 0) {
        const what = wrong >= 0 ? `"${words[wrong]}" is no right` : 'there is no right';
        return { fault: `user "${name}": ${what}; write publish:live/*, play:live/* or all:**` };
      }
      if (users.some((user) => user.name === name)) {
        return { fault: `there are two users "${name}"` };
      }
      users.push({ name, hash, rights: rights.filter((right) => right !== undefined) });
    }
    return { value: users };
  },
  schema: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 1 },
        hash: { type: 'string', pattern: '^\\$scrypt\\$' },
        rights: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              action: { enum: ['publish', 'play', 'all'] },
              path: { type: 'string', minLength: 1 },
            },
            required: ['action', 'path'],
            additionalProperties: false,
          },
        },
      },
      required: ['name', 'hash', 'rights'],
      additionalProperties: false,
    },
  },
};

function readRight(word: string): UserRight | undefined {
  const [, action, path] = /^(publish|play|all):(.+)$/.exec(word) ?? [];
  return action !== undefined && path !== undefined
    ? { action: action as UserRight['action'], path }
    : undefined;
}

/** One of some words; any other word is read as `otherwise`, or is a fault when that is undefined. */
export function oneOf<const W extends string>(
  words: readonly W[],
  otherwise: W | undefined,
): Kind<W> {
  return {
    name: words.join('|'),
    reads: 'first',
    isList: false,
    read([line]) {
      const word = line?.[0] ?? '';
      const value = words.find((known) => known === word) ?? otherwise;
      return value === undefined
        ? { fault: `"${word}" is none of ${words.join(', ')}` }
        : { value };
    },
    schema: { enum: words },
  };
}

/** The words of a directive that a kind reads, one list per line; empty when nothing is set. */
export function linesOf(kind: Kind<unknown>, found: readonly Directive[]): string[][] {
  const [first] = found;
  switch (kind.reads) {
    case 'first':
      return first && first.args.length > 0 ? [[...first.args]] : [];
    case 'all':
      return found.map((directive) => [...directive.args]);
    case 'children':
      return (first?.children ?? []).map((child) => [child.name, ...child.args]);
  }
}
