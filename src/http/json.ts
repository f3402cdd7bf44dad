import { randomBytes } from 'node:crypto';

/** Begins the texts that stand for numbers until the very end. Nobody knows it, so no peer's text can. */
const MARK = randomBytes(12).toString('hex');
const MARKED = new RegExp(`"${MARK}(-?[0-9.]+)"`, 'g');

/** A number that is written otherwise than JavaScript would. */
export class JsonNumber {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** With two digits after the point, as SRS writes all that may have a fraction. */
  static decimal(value: number): JsonNumber {
    return new JsonNumber((Number.isFinite(value) ? value : 0).toFixed(2));
  }

  /** Of 64 bits, exactly. */
  static whole(value: bigint): JsonNumber {
    return new JsonNumber(String(value));
  }

  toJSON(): string {
    return `${MARK}${this.#text}`;
  }
}

/** What {@link writeJson} takes. Fields that are undefined are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | JsonNumber
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * JSON without spaces, with {@link JsonNumber} as it says. By way of `JSON.stringify`, which writes a list of
 * ten thousand streams in a tenth of the time that a writer of our own takes.
 */
export function writeJson(value: JsonValue): string {
  return (JSON.stringify(value) ?? 'null').replaceAll(MARKED, '$1');
}
