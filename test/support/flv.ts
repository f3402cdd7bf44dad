import { readFileSync } from 'node:fs';

/** FLV tag types: Adobe FLV 10.1, E.4.1. */
export const TagType = { audio: 8, video: 9, script: 18 } as const;

export interface Tag {
  readonly type: number;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly body: Buffer;
}

/** Of tags and of RTMP messages: their types are the same numbers. */
export const isVideo = ({ type }: { readonly type: number }): boolean => type === TagType.video;
export const isAudio = ({ type }: { readonly type: number }): boolean => type === TagType.audio;

/** Cuts an FLV stream into its header flags and tags; checks the sizes that tags end with. */
export class FlvReader {
  /** Once the header has come: bit 0 video, bit 2 audio. */
  flags: number | undefined;
  #bytes = Buffer.alloc(0);

  /** @return the tags that are complete with these bytes. @throws Error for what is no FLV. */
  feed(bytes: Uint8Array): Tag[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (this.flags === undefined) {
      if (this.#bytes.length < 13) {
        return [];
      }
      if (this.#bytes.toString('latin1', 0, 3) !== 'FLV') {
        throw new Error(`no FLV header: ${this.#bytes.toString('latin1', 0, 13)}`);
      }
      this.flags = this.#bytes.readUInt8(4);
      this.#bytes = this.#bytes.subarray(13);
    }
    const tags: Tag[] = [];
    while (this.#bytes.length >= 15) {
      const length = this.#bytes.readUIntBE(1, 3);
      const end = 11 + length;
      if (this.#bytes.length < end + 4) {
        break;
      }
      if (this.#bytes.readUInt32BE(end) !== end) {
        throw new Error(`tag of ${end} bytes ends with size ${this.#bytes.readUInt32BE(end)}`);
      }
      const timestamp = this.#bytes.readUIntBE(4, 3) + this.#bytes.readUInt8(7) * 2 ** 24;
      const type = this.#bytes.readUInt8(0) & 0x1f;
      tags.push({ type, timestamp, body: this.#bytes.subarray(11, end) });
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    return tags;
  }
}

/** All tags of a file. */
export function readFlv(file: string): readonly Tag[] {
  return new FlvReader().feed(readFileSync(file));
}

/** The bytes of one tag with the size after it. */
export function writeTag({ type, timestamp, body }: Tag): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt8(type, 0);
  head.writeUIntBE(body.length, 1, 3);
  head.writeUIntBE(timestamp & 0xffffff, 4, 3);
  head.writeUInt8(timestamp >>> 24, 7);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(11 + body.length, 0);
  return Buffer.concat([head, body, size]);
}

/** Whether a video tag is the decoder configuration and no frame (E.4.3). */
export function isSequenceHeader({ type, body }: Tag): boolean {
  const first = body[0] ?? 0;
  if (type === TagType.video) {
    // Enhanced RTMP marks its tags with the top bit; its packet type 0 is the sequence start.
    return first & 0x80 ? (first & 0x0f) === 0 : (first & 0x0f) !== 2 && body[1] === 0;
  }
  // AAC (sound format 10), or an enhanced tag (9) of packet type 0.
  return type === TagType.audio && (first >> 4 === 10 ? body[1] === 0 : first === 0x90);
}

/** Whether a video tag is a random access point. */
export function isKeyFrame({ type, body }: Tag): boolean {
  return type === TagType.video && (((body[0] ?? 0) >> 4) & 0x07) === 1;
}
