const START_CODE = Buffer.from([0, 0, 0, 1]);
const STAP_A = 24;
const FU_A = 28;

/**
 * The NAL units of RTP payloads of H.264 (RFC 6184) as a byte stream, from the first parameter sets on.
 * @param payloads  in the order of their sequence numbers, none missing.
 */
export function annexB(payloads: readonly Buffer[]): Buffer {
  const units = [...nalUnits(payloads)];
  const begin = units.findIndex((unit) => ((unit[0] ?? 0) & 0x1f) === 7);
  return Buffer.concat(units.slice(Math.max(begin, 0)).flatMap((unit) => [START_CODE, unit]));
}

/** The NAL units of RTP payloads of H.264, as {@link annexB} takes them. */
export function* nalUnits(payloads: readonly Buffer[]): Generator<Buffer> {
  let fragments: Buffer[] = [];
  for (const payload of payloads) {
    const [first = 0, second = 0] = payload;
    const type = first & 0x1f;
    if (type === STAP_A) {
      for (let at = 1; at + 2 <= payload.length; ) {
        const size = payload.readUInt16BE(at);
        yield payload.subarray(at + 2, at + 2 + size);
        at += 2 + size;
      }
    } else if (type === FU_A) {
      if (second & 0x80) {
        fragments = [Buffer.from([(first & 0xe0) | (second & 0x1f)])];
      }
      fragments.push(payload.subarray(2));
      if (second & 0x40) {
        yield Buffer.concat(fragments);
      }
    } else {
      yield payload;
    }
  }
}
