import type { ClipName } from '../clips.ts';
import type { MediaServer } from '../media-server.ts';
import { ClipPublisher, type ClipPublisherOptions } from './clip-publisher.ts';
import { RtmpPeer, type RtmpPeerOptions } from './rtmp-peer.ts';

/** Small RTMP clients of one server; `clear()` closes all of them. */
export class RtmpScene {
  readonly #server: () => MediaServer;
  readonly #open: { close(): Promise<void> }[] = [];

  /** @param server  asked when the first client connects: by then it has been started. */
  constructor(server: () => MediaServer) {
    this.#server = server;
  }

  /** A client that has connected to an application and does nothing yet. */
  async connected(options?: RtmpPeerOptions): Promise<RtmpPeer> {
    return this.#keep(await RtmpPeer.connect(this.#server().port('rtmp'), options));
  }

  /** A client that has done no more than the handshake. */
  async dialled(): Promise<RtmpPeer> {
    return this.#keep(await RtmpPeer.dial(this.#server().port('rtmp')));
  }

  /** A player that was told that it plays. @param name  may hold a query. */
  async playing(name: string, options?: RtmpPeerOptions): Promise<RtmpPeer> {
    const peer = await this.connected(options);
    await peer.play(name);
    return peer;
  }

  /** A publisher that has sent its burst and goes on in real time. @param name  may hold a query. */
  async publishing(
    name: string,
    options?: ClipPublisherOptions & { readonly clip?: ClipName },
  ): Promise<ClipPublisher> {
    const port = this.#server().port('rtmp');
    const file = options?.clip ?? 'h264-bframes-aac.flv';
    return this.#keep(await ClipPublisher.start(port, name, file, options));
  }

  async clear(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((peer) => peer.close()));
  }

  #keep<T extends { close(): Promise<void> }>(peer: T): T {
    this.#open.push(peer);
    return peer;
  }
}
