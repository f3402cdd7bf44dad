import { isDeepStrictEqual } from 'node:util';
import type { MillraceConfig } from '../config/millrace-config.ts';
import { type DirectiveInfo, describeDirectives } from '../config/schema/describe.ts';

/** What differs between two configurations, by the paths of directives. */
export interface ConfigChanges {
  /** Seen by what begins after the reload. */
  readonly applied: readonly string[];
  /** Seen only after a restart. */
  readonly needRestart: readonly string[];
}

/**
 * Directives that this server treats otherwise than SRS: the log level and what HTTP serves change at
 * once; the number of connections is the engine's, which is told once; certificates are read when a
 * port is opened.
 */
const APPLIED_HERE: ReadonlyMap<string, boolean> = new Map([
  ['log.level', true],
  ['log.levelV1', true],
  ['httpServer.dir', true],
  ['vhosts.httpStatic.enabled', true],
  ['vhosts.httpStatic.mount', true],
  ['vhosts.httpStatic.dir', true],
  ['vhosts.httpRemux.enabled', true],
  ['vhosts.httpRemux.mount', true],
  ['process.maxConnections', false],
  ['httpServer.https.key', false],
  ['httpServer.https.cert', false],
  ['httpApi.https.key', false],
  ['httpApi.https.cert', false],
]);

/** Whether a reload is enough for a change of this directive; else it takes a restart. */
export function appliesOnReload({
  field,
  reload,
}: Pick<DirectiveInfo, 'field' | 'reload'>): boolean {
  return APPLIED_HERE.get(field) ?? reload !== 'X';
}

/** Compares what is in force with what was read anew. */
export function configChanges(before: MillraceConfig, after: MillraceConfig): ConfigChanges {
  const directives = new Map(describeDirectives().map((one) => [one.field, one]));
  const applied = new Set<string>();
  const needRestart = new Set<string>();

  const compare = (old: unknown, now: unknown, field: string, place: string): void => {
    if (isDeepStrictEqual(old, now)) {
      return;
    }
    const directive = directives.get(field);
    if (directive) {
      (appliesOnReload(directive) ? applied : needRestart).add(`${place}${directive.path}`);
      return;
    }
    if (isRecord(old) && isRecord(now)) {
      for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
        compare(old[key], now[key], field === '' ? key : `${field}.${key}`, place);
      }
      return;
    }
    // Lists of blocks, such as casters: no directive of its own has changed.
    needRestart.add(`${place}${field}`);
  };

  const { vhosts: oldVhosts, ...oldRoot } = before;
  const { vhosts: newVhosts, ...newRoot } = after;
  compare(oldRoot, newRoot, '', '');
  for (const name of new Set([...oldVhosts.keys(), ...newVhosts.keys()])) {
    const [old, now] = [oldVhosts.get(name), newVhosts.get(name)];
    if (old && now) {
      compare(old, now, 'vhosts', `${name}: `);
    } else {
      applied.add(`vhost ${name} is ${now ? 'new' : 'gone'}`);
    }
  }
  return { applied: [...applied], needRestart: [...needRestart] };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
