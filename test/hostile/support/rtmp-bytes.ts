import { MessageType } from '../../support/rtmp/chunks.ts';

/** What a chunk's first bytes may say: RTMP 1.0 §5.3.1. */
export interface ChunkHead {
  /** 0 to 3. */
  readonly format?: number;
  readonly chunkStream?: number;
  readonly timestamp?: number;
  /** Length of the message, true or not. */
  readonly length: number;
  readonly type: number;
  readonly streamId?: number;
}

/** The header of a chunk, with whatever numbers are wanted. */
export function chunkHead(head: ChunkHead): Buffer {
  const { format = 0, chunkStream = 3, timestamp = 0, length, type, streamId = 0 } = head;
  const basic =
    chunkStream < 64
      ? Buffer.from([(format << 6) | chunkStream])
      : Buffer.from([(format << 6) | 1, (chunkStream - 64) & 0xff, (chunkStream - 64) >> 8]);
  const message = Buffer.alloc(11);
  message.writeUIntBE(timestamp, 0, 3);
  message.writeUIntBE(length, 3, 3);
  message.writeUInt8(type, 6);
  message.writeUInt32LE(streamId, 7);
  return Buffer.concat([basic, message.subarray(0, [11, 7, 3, 0][format] ?? 0)]);
}

/** One message in one chunk; only right when it fits into the chunk size that holds. */
export function oneChunk(type: number, payload: Buffer, chunkStream = 2): Buffer {
  return Buffer.concat([chunkHead({ chunkStream, length: payload.length, type }), payload]);
}

export function setChunkSize(size: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(size >>> 0);
  return oneChunk(MessageType.setChunkSize, payload);
}

/** A user control message: an event type and four bytes. */
export function userControl(event: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(event, 0);
  payload.writeUInt32BE(value >>> 0, 2);
  return oneChunk(MessageType.userControl, payload);
}
