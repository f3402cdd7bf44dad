import { isDeepStrictEqual } from 'node:util';
import { deepFreeze } from '../config/freeze.ts';
import type { MillraceConfig, VhostConfig } from '../config/millrace-config.ts';
import {
  inheritTraits,
  joinPath,
  type KnownTraits,
  ROOT_TRAITS,
} from '../config/schema/describe.ts';
import { rootSchema } from '../config/schema/root.ts';
import type { AnyBlock, AnyDirective, AnyRepeated, ReloadClass } from '../config/schema/spec.ts';
import { valueTexts } from '../config/schema/value-text.ts';

/** One directive, or repeated block, that differs between two configurations. */
export interface ConfigChange {
  /** Its path, e.g. `vhost.hls.hls_fragment`. */
  readonly path: string;
  /** The vhost that it stands in. */
  readonly vhost: string | undefined;
  /**
   * `at_once`; `next` for sessions and requests that begin after the reload, while those that run keep
   * what they began with; `restart` when only a restart makes it act.
   */
  readonly effect: 'at_once' | 'next' | 'restart';
  /** As a file would have it; empty for what is not set. Of secrets only whether they are set. */
  readonly before: string;
  readonly after: string;
}

/** What a reload would make of a configuration. */
export interface ConfigComparison {
  /** What would be in force: the new values, but for those that need a restart. */
  readonly merged: MillraceConfig;
  /** What differs, in the order of the tables. */
  readonly changes: readonly ConfigChange[];
  readonly addedVhosts: readonly string[];
  readonly removedVhosts: readonly string[];
}

/**
 * Compares what is in force with what was read anew. A value that needs a restart stays what it was, so
 * that the next comparison tells of it again.
 */
export function compareConfigs(current: MillraceConfig, next: MillraceConfig): ConfigComparison {
  const changes: ConfigChange[] = [];
  const root = mergeBlock(rootSchema, current, next, {
    path: '',
    vhost: undefined,
    traits: inheritTraits(ROOT_TRAITS, rootSchema),
    changes,
  }) as unknown as MillraceConfig;
  const vhosts = new Map<string, VhostConfig>();
  for (const [name, vhost] of next.vhosts) {
    const before = current.vhosts.get(name);
    vhosts.set(name, before ? mergeVhost(before, vhost, changes) : vhost);
  }
  return {
    merged: deepFreeze({ ...root, vhosts }),
    changes,
    addedVhosts: [...next.vhosts.keys()].filter((name) => !current.vhosts.has(name)),
    removedVhosts: [...current.vhosts.keys()].filter((name) => !next.vhosts.has(name)),
  };
}

type Values = Readonly<Record<string, unknown>>;

/** Where the comparison is. */
interface Place {
  readonly path: string;
  readonly vhost: string | undefined;
  readonly traits: KnownTraits;
  /** Taken down here. */
  readonly changes: ConfigChange[];
}

const { vhosts: vhostSchema } = rootSchema.fields;

function mergeVhost(before: VhostConfig, after: VhostConfig, changes: ConfigChange[]): VhostConfig {
  const traits = inheritTraits(inheritTraits(ROOT_TRAITS, rootSchema), vhostSchema);
  const place = { path: vhostSchema.name, vhost: after.name, traits, changes };
  return mergeBlock(vhostSchema, before, after, place) as unknown as VhostConfig;
}

function mergeBlock(
  block: AnyBlock | AnyRepeated,
  before: object,
  after: object,
  outer: Place,
): Values {
  const [old, now] = [before as Values, after as Values];
  const merged: Record<string, unknown> = { ...now };
  for (const [field, spec] of Object.entries(block.fields)) {
    if (spec === vhostSchema || isDeepStrictEqual(old[field], now[field])) {
      continue;
    }
    const place: Place = {
      ...outer,
      path: joinPath(outer.path, spec.name),
      traits: inheritTraits(outer.traits, spec),
    };
    merged[field] =
      spec.node === 'block'
        ? mergeBlock(spec, old[field] as object, now[field] as object, place)
        : mergeValue(spec, old[field], now[field], place);
  }
  return merged;
}

/** A repeated block changes as a whole: which of its old ones became which new one is not known. */
function mergeValue(
  spec: AnyDirective | AnyRepeated,
  before: unknown,
  after: unknown,
  { path, vhost, traits, changes }: Place,
): unknown {
  const effect = effects[traits.reload];
  // One value of two groups (`min_latency` of RTMP and of RTC) is one change.
  if (!changes.some((known) => known.path === path && known.vhost === vhost)) {
    const [old, now] = [shown(spec, before), shown(spec, after)];
    changes.push({ path, vhost, effect, before: old, after: now });
  }
  return effect === 'restart' ? before : after;
}

const effects = { A: 'at_once', N: 'next', X: 'restart' } as const satisfies Record<
  ReloadClass,
  ConfigChange['effect']
>;

/** Names of directives whose values must not come into a log. */
const SECRET = /password|passphrase|secret|tokens?$/;

function shown(spec: AnyDirective | AnyRepeated, value: unknown): string {
  if (spec.node === 'repeated') {
    const count = (value as readonly unknown[] | undefined)?.length ?? 0;
    return count === 0 ? '' : `${count} ${count === 1 ? 'block' : 'blocks'}`;
  }
  const text = valueTexts(spec.kind, value).join(', ');
  return SECRET.test(spec.name) && !['', '""'].includes(text) ? '(secret)' : text;
}
