import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { ConfigError, type Origin } from './config-error.ts';
import { joinPath } from './schema/describe.ts';
import { toJsonSchema } from './schema/json-schema.ts';
import { rootSchema } from './schema/root.ts';
import type { AnyBlock, AnyDirective, AnyRepeated } from './schema/spec.ts';
import { nearestName } from './suggestion.ts';

/** How a message names the place of a value. */
export type Naming =
  /** By its directive: `vhost.hls.hls_fragment`. */
  | 'directive'
  /** By its key in an object: `vhosts.example.hls.fragmentMs`. */
  | 'key';

let validator: ValidateFunction | undefined;

/** The JSON Schema of everything, as editors and other programs can use it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...toJsonSchema(rootSchema) };
}

/**
 * Checks types, words and ranges against the tables.
 * @throws ConfigError `value` or `directive` for the first fault.
 */
export function validateValues(
  values: unknown,
  naming: Naming,
  findOrigin: (field: string) => Origin | undefined,
): void {
  // Compiled on first use and kept: the tables never change. Checking the schema itself (a test does
  // that) and optimizing code that runs once would treble the 40 ms that the start spends here.
  validator ??= new Ajv({ validateSchema: false, code: { optimize: false } }).compile(
    configJsonSchema(),
  );
  if (validator(values)) {
    return;
  }
  const [fault] = validator.errors ?? [];
  if (fault) {
    throw toConfigError(fault, values, naming, findOrigin);
  }
}

function toConfigError(
  fault: ErrorObject,
  values: unknown,
  naming: Naming,
  findOrigin: (field: string) => Origin | undefined,
): ConfigError {
  const keys = fault.instancePath.split('/').slice(1).map(unescapePointer);
  const place = locate(keys, values);
  const path = naming === 'directive' ? place.path : place.key;
  const origin = findOrigin(keys.join('.'));
  if (fault.keyword === 'additionalProperties') {
    const unknown = String(fault.params.additionalProperty);
    const unknownPath = joinPath(path, unknown);
    const known = place.spec.node === 'directive' ? [] : Object.keys(place.spec.fields);
    const nearest = nearestName(unknown, known);
    return new ConfigError('directive', `unknown key "${unknownPath}"`, {
      path: unknownPath,
      origin,
      hint: nearest && `did you mean "${nearest}"?`,
    });
  }
  const words =
    fault.keyword === 'enum' ? `: ${(fault.params.allowedValues as string[]).join(', ')}` : '';
  return new ConfigError('value', `${path} ${fault.message ?? 'is wrong'}${words}`, {
    path,
    origin,
  });
}

/** Follows the keys of a JSON pointer through the tables, as far as they go. */
function locate(keys: readonly string[], values: unknown) {
  let spec: AnyDirective | AnyBlock | AnyRepeated = rootSchema;
  let value = values;
  let path = '';
  let key = '';
  let rest = keys;
  while (rest.length > 0 && spec.node !== 'directive') {
    const [field = '', ...others] = rest;
    const child: AnyDirective | AnyBlock | AnyRepeated | undefined = spec.fields[field];
    if (!child) {
      break;
    }
    rest = others;
    spec = child;
    value = (value as Record<string, unknown> | undefined)?.[field];
    path = joinPath(path, child.name);
    key = joinPath(key, field);
    const [index] = rest;
    if (child.node === 'repeated' && index !== undefined) {
      rest = rest.slice(1);
      value = (value as readonly unknown[] | undefined)?.[Number(index)];
      // An object names its vhosts; everything else that repeats is an array there too.
      const name = (value as Record<string, unknown> | undefined)?.[child.key];
      key = joinPath(key, child.name === 'vhost' ? String(name) : index);
    }
  }
  return { spec, path, key: [key, ...rest].join('.') };
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
