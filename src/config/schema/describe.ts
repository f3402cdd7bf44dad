import { rootSchema } from './root.ts';
import type {
  AnyBlock,
  AnyDirective,
  AnyRepeated,
  Effect,
  EnvRule,
  ReloadClass,
  Since,
  Traits,
} from './spec.ts';

/** {@link Traits} with nothing left open. */
export interface KnownTraits {
  readonly reload: ReloadClass;
  readonly since: Since;
  readonly effect: Effect;
  readonly env: EnvRule;
}

/** What holds where no table says otherwise. */
export const ROOT_TRAITS: KnownTraits = {
  reload: 'X',
  since: 'srs',
  effect: 'accepted',
  env: { also: [] },
};

/** The traits of something inside a block that has the traits `outer`. */
export function inheritTraits(outer: KnownTraits, own: Traits): KnownTraits {
  return {
    reload: own.reload ?? outer.reload,
    since: own.since ?? outer.since,
    effect: own.effect ?? outer.effect,
    env: own.env ?? outer.env,
  };
}

/** Path of a child: a nameless group adds nothing. */
export function joinPath(outer: string, name: string): string {
  return outer === '' || name === '' ? outer + name : `${outer}.${name}`;
}

/**
 * Environment variables of a directive in the order in which they are looked at: `SRS_` and the path
 * in upper case, then its aliases. The name of a vhost is no part of the path.
 */
export function envNames(path: string, rule: EnvRule): readonly string[] {
  if (rule === 'none') {
    return [];
  }
  return [`SRS_${path.replaceAll('.', '_').toUpperCase()}`, ...rule.also];
}

/** One row of the reference. */
export interface DirectiveInfo extends KnownTraits {
  /** Dotted path in a file, e.g. `vhost.hls.hls_fragment`. */
  readonly path: string;
  /** Dotted path in the typed configuration, e.g. `vhosts.hls.fragmentMs`. */
  readonly field: string;
  readonly spec: AnyDirective;
  readonly envNames: readonly string[];
}

/** Every directive of every table, in the order of the tables. */
export function describeDirectives(
  schema: AnyBlock | AnyRepeated = rootSchema,
): readonly DirectiveInfo[] {
  const rows: DirectiveInfo[] = [];
  collect(schema, '', '', inheritTraits(ROOT_TRAITS, schema), rows);
  return rows;
}

function collect(
  block: AnyBlock | AnyRepeated,
  path: string,
  field: string,
  traits: KnownTraits,
  rows: DirectiveInfo[],
): void {
  for (const [key, spec] of Object.entries(block.fields)) {
    const childPath = joinPath(path, spec.name);
    const childField = joinPath(field, key);
    const childTraits = inheritTraits(traits, spec);
    if (spec.node === 'directive') {
      rows.push({
        ...childTraits,
        path: childPath,
        field: childField,
        spec,
        envNames: envNames(childPath, childTraits.env),
      });
    } else {
      collect(spec, childPath, childField, childTraits, rows);
    }
  }
}
