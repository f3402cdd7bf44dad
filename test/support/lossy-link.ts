import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** How a link treats packets, in each direction. */
export interface LinkQuality {
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number;
  readonly delayMs: number;
  /** Each packet is delayed by up to so much more or less, and may overtake others. */
  readonly jitterMs: number;
}

/**
 * A bad network between UDP clients and a server on this machine: loses, delays and reorders, with the
 * same choices in each run. What `tc netem` does, without needing a kernel that has it.
 */
export class LossyLink {
  readonly #front: Socket;
  readonly #server: number;
  #quality: LinkQuality;
  readonly #back = new Map<string, Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #state = 1;
  #lost = 0;

  private constructor(front: Socket, server: number, quality: LinkQuality) {
    this.#front = front;
    this.#server = server;
    this.#quality = quality;
    front.on('message', (bytes, from) => this.#later(() => this.#backOf(from).send(bytes)));
  }

  /** @param server  port on 127.0.0.1 to which clients of the link come. */
  static async open(server: number, quality: LinkQuality): Promise<LossyLink> {
    const front = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new LossyLink(front, server, quality);
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** How packets are treated from here on. */
  become(quality: LinkQuality): void {
    this.#quality = quality;
  }

  /** Packets lost so far. */
  get lost(): number {
    return this.#lost;
  }

  close(): void {
    this.#timers.forEach(clearTimeout);
    this.#front.close();
    for (const socket of this.#back.values()) {
      socket.close();
    }
  }

  /** The socket that stands for one client towards the server. */
  #backOf(client: RemoteInfo): Socket {
    const name = `${client.address} ${client.port}`;
    let socket = this.#back.get(name);
    if (!socket) {
      socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
      socket.connect(this.#server, '127.0.0.1');
      socket.on('error', () => {}); // nobody listens any more: the packet is lost
      socket.on('message', (bytes) =>
        this.#later(() => this.#front.send(bytes, client.port, client.address)),
      );
      this.#back.set(name, socket);
    }
    return socket;
  }

  #later(send: () => void): void {
    const { loss, delayMs, jitterMs } = this.#quality;
    if (this.#random() < loss) {
      this.#lost += 1;
      return;
    }
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        try {
          send();
        } catch {
          this.#lost += 1; // not connected yet, or closed
        }
      },
      delayMs + (this.#random() * 2 - 1) * jitterMs,
    );
    this.#timers.add(timer);
  }

  /** xorshift32. */
  #random(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state / 2 ** 32;
  }
}
