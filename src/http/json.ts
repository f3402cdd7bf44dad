/** A number that is written with two digits after the point, as SRS writes all that may have a fraction. */
export class Decimal {
  readonly value: number;

  constructor(value: number) {
    this.value = Number.isFinite(value) ? value : 0;
  }
}

/** What {@link writeJson} takes. Fields that are undefined are left out. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Decimal
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** JSON without spaces, with {@link Decimal} and numbers of 64 bits as they are. */
export function writeJson(value: JsonValue): string {
  if (value instanceof Decimal) {
    return value.value.toFixed(2);
  }
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : '0';
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    default:
      break;
  }
  if (value === null) {
    return 'null';
  }
  if (isList(value)) {
    return `[${value.map(writeJson).join(',')}]`;
  }
  let text = '';
  for (const name of Object.keys(value)) {
    const field = (value as Readonly<Record<string, JsonValue>>)[name];
    if (field !== undefined) {
      text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${writeJson(field)}`;
    }
  }
  return `{${text}}`;
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
