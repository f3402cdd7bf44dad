import type { JsonSchema } from './kinds.ts';
import type { AnyBlock, AnyDirective, AnyRepeated } from './spec.ts';

/** JSON Schema (draft 7) of the typed configuration of a table; every field may be left out. */
export function toJsonSchema(spec: AnyDirective | AnyBlock | AnyRepeated): JsonSchema {
  switch (spec.node) {
    case 'directive':
      return {
        ...spec.kind.schema,
        ...(spec.range ? { minimum: spec.range.min, maximum: spec.range.max } : {}),
        description: spec.doc,
        ...(spec.default === undefined ? {} : { default: spec.default }),
      };
    case 'block':
      return objectSchema(spec, {});
    case 'repeated':
      return {
        type: 'array',
        items: objectSchema(spec, { [spec.key]: { type: 'string' } }),
        description: spec.doc,
      };
  }
}

function objectSchema(
  spec: AnyBlock | AnyRepeated,
  properties: Record<string, JsonSchema>,
): JsonSchema {
  for (const [field, child] of Object.entries(spec.fields)) {
    properties[field] = toJsonSchema(child);
  }
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(spec.doc === '' ? {} : { description: spec.doc }),
  };
}
