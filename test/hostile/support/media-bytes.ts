/** Bodies of FLV tags, which are those of RTMP messages too: Adobe FLV 10.1, E.4.2 and E.4.3. */

const sps = Buffer.from('6742c01ed900a047fe88', 'hex');
const pps = Buffer.from('68cb83cb20', 'hex');

/** AVCDecoderConfigurationRecord of ISO/IEC 14496-15 §5.3.3 in a sequence header. */
export function avcConfig(parameterSet: Buffer = sps, lengthSize = 4): Buffer {
  const size = (bytes: Buffer) => Buffer.from([bytes.length >> 8, bytes.length & 0xff]);
  return Buffer.concat([
    Buffer.from([0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x1e, 0xfc | (lengthSize - 1), 0xe1]),
    ...[size(parameterSet), parameterSet, Buffer.from([1]), size(pps), pps],
  ]);
}

/** One access unit: the given bytes are taken as NAL units with their lengths. */
export function avcFrame(key: boolean, units: Buffer, compositionMs = 0): Buffer {
  const head = Buffer.from([key ? 0x17 : 0x27, 1, 0, 0, 0]);
  head.writeIntBE(compositionMs, 2, 3);
  return Buffer.concat([head, units]);
}

/** A NAL unit with its length of four bytes, true or not. */
export function nal(type: number, size: number, declared = size): Buffer {
  const unit = Buffer.alloc(4 + size, 0x5a);
  unit.writeUInt32BE(declared >>> 0, 0);
  if (size > 0) {
    unit[4] = 0x60 | type;
  }
  return unit;
}

export const keyFrame = avcFrame(true, nal(5, 200));
export const interFrame = avcFrame(false, nal(1, 100));
export const aacConfig = Buffer.from('af001190', 'hex');
export const aacFrame = Buffer.concat([Buffer.from([0xaf, 1]), Buffer.alloc(100, 0x21)]);
export const spsBytes: Buffer = sps;
