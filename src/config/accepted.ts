import { inheritTraits, joinPath, type KnownTraits, ROOT_TRAITS } from './schema/describe.ts';
import { rootSchema } from './schema/root.ts';
import type { AnyBlock, AnyRepeated } from './schema/spec.ts';

/**
 * Names what was set and is not acted upon by this version: a whole block by its path, e.g.
 * `vhost.dvr`, else the directive. Leaves out what is set to its default and what lies in a block
 * that is not enabled.
 */
export function acceptedOnly(values: Readonly<Record<string, unknown>>): readonly string[] {
  const names = new Set<string>();
  collect(rootSchema, values, '', inheritTraits(ROOT_TRAITS, rootSchema), undefined, names);
  return [...names];
}

/** @param covering  path of the outermost accepted block around, whose name stands for all in it. */
function collect(
  block: AnyBlock | AnyRepeated,
  values: Readonly<Record<string, unknown>>,
  path: string,
  traits: KnownTraits,
  covering: string | undefined,
  names: Set<string>,
): void {
  const { enabled } = block.fields;
  if (enabled?.node === 'directive' && (values.enabled ?? enabled.default) === false) {
    return;
  }
  for (const [field, spec] of Object.entries(block.fields)) {
    const value = values[field];
    if (value === undefined) {
      continue;
    }
    const childPath = joinPath(path, spec.name);
    const childTraits = inheritTraits(traits, spec);
    const accepted = childTraits.effect === 'accepted';
    if (spec.node === 'directive') {
      if (accepted && JSON.stringify(value) !== JSON.stringify(spec.default)) {
        names.add(covering ?? childPath);
      }
      continue;
    }
    const childCovering = accepted && spec.name !== '' ? (covering ?? childPath) : undefined;
    const children = (spec.node === 'repeated' ? value : [value]) as Record<string, unknown>[];
    for (const child of children) {
      collect(spec, child, childPath, childTraits, childCovering, names);
    }
  }
}
