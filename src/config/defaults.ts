import type { AnyBlock, AnyDirective, AnyRepeated, ValueOf } from './schema/spec.ts';

/** `values` with the default of the table wherever nothing is set. Does not change `values`. */
export function withDefaults<S extends AnyBlock>(spec: S, values: unknown): ValueOf<S> {
  return fill(spec, values) as ValueOf<S>;
}

function fill(spec: AnyDirective | AnyBlock | AnyRepeated, values: unknown): unknown {
  switch (spec.node) {
    case 'directive':
      return values ?? spec.default;
    case 'block':
      return fillFields(spec, values as Record<string, unknown> | undefined);
    case 'repeated':
      return ((values ?? []) as readonly Record<string, unknown>[]).map((one) => ({
        [spec.key]: one[spec.key] ?? '',
        ...fillFields(spec, one),
      }));
  }
}

function fillFields(
  spec: AnyBlock | AnyRepeated,
  values: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [field, child] of Object.entries(spec.fields)) {
    filled[field] = fill(child, values?.[field]);
  }
  return filled;
}
