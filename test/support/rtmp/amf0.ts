/** The values of AMF0 that RTMP commands and metadata are made of: AMF 0 Specification §2. */
export type AmfValue = number | boolean | string | null | undefined | AmfObject | AmfValue[];
export interface AmfObject {
  [name: string]: AmfValue;
}

/** What to write as an ECMA array (§2.10), as encoders write their metadata. */
export class EcmaArray {
  readonly values: AmfObject;

  constructor(values: AmfObject) {
    this.values = values;
  }
}

export function encodeAmf(...values: readonly (AmfValue | EcmaArray)[]): Buffer {
  return Buffer.concat(values.map(encodeValue));
}

function encodeValue(value: AmfValue | EcmaArray): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'boolean') {
    return Buffer.from([1, value ? 1 : 0]);
  }
  if (typeof value === 'string') {
    return Buffer.concat([Buffer.from([2]), encodeName(value)]);
  }
  if (value === null || value === undefined) {
    return Buffer.from([value === null ? 5 : 6]);
  }
  if (value instanceof EcmaArray) {
    const head = Buffer.from([8, 0, 0, 0, Object.keys(value.values).length]);
    return Buffer.concat([head, encodeMembers(value.values)]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from([10, 0, 0, 0, value.length]), encodeAmf(...value)]);
  }
  return Buffer.concat([Buffer.from([3]), encodeMembers(value)]);
}

function encodeName(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function encodeMembers(object: AmfObject): Buffer {
  const members = Object.entries(object).map(([name, value]) =>
    Buffer.concat([encodeName(name), encodeValue(value)]),
  );
  return Buffer.concat([...members, Buffer.from([0, 0, 9])]);
}

/** Reads all values of a message. @throws Error for a type that is none of {@link AmfValue}. */
export function decodeAmf(bytes: Buffer): AmfValue[] {
  const reader = new AmfReader(bytes);
  const values: AmfValue[] = [];
  while (!reader.atEnd) {
    values.push(reader.value());
  }
  return values;
}

class AmfReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  value(): AmfValue {
    const type = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    switch (type) {
      case 0:
        this.#at += 8;
        return this.#bytes.readDoubleBE(this.#at - 8);
      case 1:
        this.#at += 1;
        return this.#bytes.readUInt8(this.#at - 1) !== 0;
      case 2:
        return this.#text();
      case 3:
        return this.#members();
      case 5:
        return null;
      case 6:
        return undefined;
      case 8:
        this.#at += 4;
        return this.#members();
      case 10: {
        this.#at += 4;
        const length = this.#bytes.readUInt32BE(this.#at - 4);
        return Array.from({ length }, () => this.value());
      }
      default:
        throw new Error(`AMF0 type ${type}`);
    }
  }

  #text(): string {
    const length = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2 + length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  #members(): AmfObject {
    const object: AmfObject = {};
    for (;;) {
      const name = this.#text();
      if (name === '' && this.#bytes[this.#at] === 9) {
        this.#at += 1;
        return object;
      }
      object[name] = this.value();
    }
  }
}
