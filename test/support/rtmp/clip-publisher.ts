import { setTimeout as delay } from 'node:timers/promises';
import { type ClipName, clip } from '../clips.ts';
import { readFlv, type Tag, TagType } from '../flv.ts';
import { MessageType } from './chunks.ts';
import { RtmpPeer, type RtmpPeerOptions } from './rtmp-peer.ts';

export interface ClipPublisherOptions extends RtmpPeerOptions {
  /** What to send instead of the clip as it is. */
  readonly tags?: readonly Tag[];
  /** Milliseconds of media to send at once; the rest follows in real time. */
  readonly burstMs?: number;
}

/**
 * Publishes a clip with the small client, from the test's own process: for tests that must know which
 * message was sent when.
 */
export class ClipPublisher {
  readonly peer: RtmpPeer;
  readonly tags: readonly Tag[];
  /** How many tags were sent. */
  sent = 0;
  readonly #halt = new AbortController();
  readonly #sending: Promise<void>;

  private constructor(peer: RtmpPeer, tags: readonly Tag[], burstMs: number) {
    this.peer = peer;
    this.tags = tags;
    this.#sending = this.#send(burstMs);
  }

  /** Resolves when the server took the stream and the burst was sent. @param name  may hold a query. */
  static async start(
    port: number,
    name: string,
    file: ClipName,
    { tags = readFlv(clip(file)), burstMs = 0, ...options }: ClipPublisherOptions = {},
  ): Promise<ClipPublisher> {
    const peer = await RtmpPeer.connect(port, options);
    await peer.publish(name);
    return new ClipPublisher(peer, tags, burstMs);
  }

  /** Stops sending; the connection stays open. */
  async halt(): Promise<void> {
    this.#halt.abort();
    await this.#sending;
  }

  /** Stops sending and closes the connection without a word. */
  async close(): Promise<void> {
    await this.halt();
    await this.peer.close();
  }

  async #send(burstMs: number): Promise<void> {
    const { signal } = this.#halt;
    const began = performance.now();
    for (const tag of this.tags) {
      const waitMs = tag.timestamp - burstMs - (performance.now() - began);
      if (waitMs > 1) {
        await delay(waitMs, undefined, { signal }).catch(() => {});
      }
      if (signal.aborted || this.peer.ended) {
        return;
      }
      sendTag(this.peer, tag);
      this.sent += 1;
    }
  }
}

/** Sends what an FLV file holds as RTMP does: the bodies are the same. */
export function sendTag(peer: RtmpPeer, { type, timestamp, body }: Tag): void {
  if (type === TagType.script) {
    const setDataFrame = Buffer.from('\x02\x00\x0d@setDataFrame', 'latin1');
    const payload = Buffer.concat([setDataFrame, body]);
    peer.send(5, { type: MessageType.data, timestamp, streamId: 1, payload });
  } else if (type === TagType.audio) {
    peer.sendAudio(timestamp, body);
  } else {
    peer.sendVideo(timestamp, body);
  }
}
