/** Parts of the JSON Schemas of the API: they check requests, and are what `openapi.json` shows. */

export type Schema = Readonly<Record<string, unknown>>;

export const integer: Schema = { type: 'integer' };
export const text: Schema = { type: 'string' };
export const boolean: Schema = { type: 'boolean' };
/** Written with two digits after the point. */
export const decimal: Schema = { type: 'number' };

/** An object with exactly these fields, in this order. */
export function object(properties: Readonly<Record<string, Schema>>): Schema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

/** {@link object}, of which some fields may be missing. */
export function objectWithOptional(
  properties: Readonly<Record<string, Schema>>,
  ...optional: readonly string[]
): Schema {
  return {
    ...object(properties),
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
  };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

export function orNull(schema: Schema): Schema {
  return { anyOf: [{ type: 'null' }, schema] };
}

/** All these fields are of one kind. */
export function fields(names: readonly string[], schema: Schema): Record<string, Schema> {
  return Object.fromEntries(names.map((name) => [name, schema]));
}

/** What every answer begins with. */
export const headFields = {
  code: { ...integer, description: '0, or the number of an error' },
  server: { ...text, description: 'stays the same over restarts' },
  service: { ...text, description: 'changes at every start' },
  pid: text,
} as const;

/** An answer with the common head; or an error, with the same status, as SRS. */
export function answer(properties: Readonly<Record<string, Schema>>): Schema {
  return { anyOf: [object({ ...headFields, ...properties }), errorAnswer] };
}

/** An error: `code` is its number, `error` its name in the table of errors. */
export const errorAnswer: Schema = object({ code: integer, error: text, message: text });

export const kbps: Schema = object({
  recv_30s: { ...integer, description: 'average of the last 30 s, or of all the time there is' },
  send_30s: integer,
  recv_now: { ...integer, description: 'of the last second' },
  send_now: integer,
});

/** Which part of a list is wanted. */
export const pageQuery: Schema = {
  type: 'object',
  properties: {
    start: { ...integer, minimum: 0, default: 0, description: 'entries to pass over' },
    count: {
      ...integer,
      minimum: 0,
      maximum: 10_000,
      default: 10,
      description: 'entries to show at most',
    },
  },
};

export const idParams: Schema = {
  type: 'object',
  properties: { id: { ...text, maxLength: 256 } },
  required: ['id'],
};
