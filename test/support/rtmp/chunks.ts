/** RTMP 1.0 §5.4, §7.1: the types of messages that tests name. */
export const MessageType = {
  setChunkSize: 1,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  data: 18,
  command: 20,
  aggregate: 22,
} as const;

/** One RTMP message. */
export interface Message {
  readonly type: number;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

const EXTENDED = 0xffffff;

/** Cuts one message into chunks: a type 0 header, then type 3 (RTMP 1.0 §5.3.1). */
export function writeChunks(chunkStream: number, message: Message, chunkSize: number): Buffer {
  const { type, timestamp, streamId, payload } = message;
  const extended = timestamp >= EXTENDED;
  const head = Buffer.alloc(extended ? 16 : 12);
  head.writeUInt8(chunkStream, 0);
  head.writeUIntBE(extended ? EXTENDED : timestamp, 1, 3);
  head.writeUIntBE(payload.length, 4, 3);
  head.writeUInt8(type, 7);
  head.writeUInt32LE(streamId, 8);
  if (extended) {
    head.writeUInt32BE(timestamp, 12);
  }
  const again = Buffer.concat([Buffer.from([0xc0 | chunkStream]), head.subarray(12)]);
  const parts = [head, payload.subarray(0, chunkSize)];
  for (let at = chunkSize; at < payload.length; at += chunkSize) {
    parts.push(again, payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(parts);
}

interface ChunkStream {
  type: number;
  streamId: number;
  length: number;
  timestamp: number;
  delta: number;
  extended: boolean;
  parts: Buffer[];
  missing: number;
}

/** Puts messages together from chunks, and follows Set Chunk Size. */
export class ChunkReader {
  /** Length of the longest chunk that came, header apart. */
  longestChunk = 0;
  #bytes = Buffer.alloc(0);
  #chunkSize = 128;
  readonly #streams = new Map<number, ChunkStream>();

  /** @return the messages that are complete with these bytes. */
  feed(bytes: Buffer): Message[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const messages: Message[] = [];
    for (;;) {
      const used = this.#chunk(messages);
      if (used === 0) {
        return messages;
      }
      this.#bytes = this.#bytes.subarray(used);
    }
  }

  /** Reads one chunk. @return its length in bytes, 0 when it is not complete. */
  #chunk(messages: Message[]): number {
    const bytes = this.#bytes;
    const format = (bytes[0] ?? 0) >> 6;
    const id = (bytes[0] ?? 0) & 0x3f;
    const headLength = 1 + ([11, 7, 3, 0][format] ?? 0);
    if (bytes.length < headLength) {
      return 0;
    }
    const known = this.#streams.get(id);
    if (id < 2 || (format > 0 && !known)) {
      throw new Error(`chunk stream ${id} begins with a type ${format} header`);
    }
    const stream: ChunkStream = known
      ? { ...known }
      : {
          ...{ type: 0, streamId: 0, length: 0, timestamp: 0, delta: 0 },
          ...{ extended: false, parts: [], missing: 0 },
        };
    let time = format < 3 ? bytes.readUIntBE(1, 3) : stream.delta;
    let at = headLength;
    const extended = format < 3 ? time === EXTENDED : stream.extended;
    if (extended) {
      if (bytes.length < at + 4) {
        return 0;
      }
      time = format < 3 ? bytes.readUInt32BE(at) : time;
      at += 4;
    }
    stream.extended = extended;
    if (format < 2) {
      stream.length = bytes.readUIntBE(4, 3);
      stream.type = bytes.readUInt8(7);
    }
    if (format === 0) {
      stream.streamId = bytes.readUInt32LE(8);
    }
    if (stream.missing === 0) {
      stream.timestamp = format === 0 ? time : (stream.timestamp + time) >>> 0;
      stream.delta = format === 0 ? 0 : time;
      stream.parts = [];
      stream.missing = stream.length;
    }
    const length = Math.min(this.#chunkSize, stream.missing);
    if (bytes.length < at + length) {
      return 0;
    }
    this.longestChunk = Math.max(this.longestChunk, length);
    stream.parts = [...stream.parts, bytes.subarray(at, at + length)];
    stream.missing -= length;
    this.#streams.set(id, stream);
    if (stream.missing === 0) {
      this.#complete(stream, messages);
    }
    return at + length;
  }

  #complete({ type, timestamp, streamId, parts }: ChunkStream, messages: Message[]): void {
    const payload = Buffer.concat(parts);
    if (type === MessageType.setChunkSize) {
      this.#chunkSize = payload.readUInt32BE(0) & 0x7fffffff;
    }
    messages.push({ type, timestamp, streamId, payload });
  }
}
