import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** How a link treats packets, in each direction. */
export interface LinkQuality {
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number;
  readonly delayMs: number;
  /** Each packet is delayed by up to so much more or less, and may overtake others. */
  readonly jitterMs: number;
  /** Of the bottleneck; without it there is none. */
  readonly rateBps?: number;
  /** What may wait before the bottleneck; the packets that find no room are lost. */
  readonly queueBytes?: number;
}

/** A packet on its way. */
interface UnderWay {
  readonly dueMs: number;
  readonly send: () => void;
}

/** One direction of one client. */
interface Bottleneck {
  /** When the last of the packets before it will have passed. */
  freeAtMs: number;
}

/** Half a second at 1 Mbit/s: a home router's. */
const QUEUE_BYTES = 64_000;

/**
 * A bad network between UDP clients and a server on this machine: loses, delays, reorders, and takes no more than
 * its rate, with the same choices in each run. What `tc netem` does, without needing a kernel that has it.
 */
export class LossyLink {
  readonly #front: Socket;
  readonly #server: number;
  readonly #back = new Map<string, Socket>();
  readonly #down = new Map<string, Bottleneck>();
  readonly #up = new Map<string, Bottleneck>();
  /** By time. */
  readonly #underWay: UnderWay[] = [];
  #quality: LinkQuality;
  #timer: NodeJS.Timeout | undefined;
  #state = 1;
  #lost = 0;

  private constructor(front: Socket, server: number, quality: LinkQuality) {
    this.#front = front;
    this.#server = server;
    this.#quality = quality;
    front.on('message', (bytes, from) =>
      this.#pass(this.#up, nameOf(from), bytes.length, () => this.#backOf(from).send(bytes)),
    );
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

  /** Packets lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /** From now on. What is under way arrives as it was to. */
  become(quality: LinkQuality): void {
    this.#quality = quality;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#front.close();
    for (const socket of this.#back.values()) {
      socket.close();
    }
  }

  /** The socket that stands for one client towards the server. */
  #backOf(client: RemoteInfo): Socket {
    const name = nameOf(client);
    let socket = this.#back.get(name);
    if (!socket) {
      socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
      socket.connect(this.#server, '127.0.0.1');
      socket.on('error', () => {}); // nobody listens any more: the packet is lost
      socket.on('message', (bytes) =>
        this.#pass(this.#down, name, bytes.length, () =>
          this.#front.send(bytes, client.port, client.address),
        ),
      );
      this.#back.set(name, socket);
    }
    return socket;
  }

  #pass(direction: Map<string, Bottleneck>, client: string, bytes: number, send: () => void): void {
    const { loss, delayMs, jitterMs } = this.#quality;
    const leavesMs = this.#random() < loss ? undefined : this.#leaves(direction, client, bytes);
    if (leavesMs === undefined) {
      this.#lost += 1;
      return;
    }
    const dueMs = leavesMs + delayMs + (this.#random() * 2 - 1) * jitterMs;
    // Those that are due at the same time keep their order.
    let at = this.#underWay.length;
    while (at > 0 && (this.#underWay[at - 1]?.dueMs ?? 0) > dueMs) {
      at -= 1;
    }
    this.#underWay.splice(at, 0, { dueMs, send });
    if (at === 0) {
      this.#wait();
    }
  }

  /** When the bottleneck lets a packet out; undefined when there is no room before it. */
  #leaves(direction: Map<string, Bottleneck>, client: string, bytes: number): number | undefined {
    const { rateBps, queueBytes = QUEUE_BYTES } = this.#quality;
    const nowMs = performance.now();
    if (rateBps === undefined) {
      return nowMs;
    }
    const bottleneck = direction.get(client) ?? { freeAtMs: nowMs };
    direction.set(client, bottleneck);
    bottleneck.freeAtMs = Math.max(bottleneck.freeAtMs, nowMs);
    if (((bottleneck.freeAtMs - nowMs) * rateBps) / 8000 + bytes > queueBytes) {
      return undefined;
    }
    bottleneck.freeAtMs += (bytes * 8000) / rateBps;
    return bottleneck.freeAtMs;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const [next] = this.#underWay;
    if (next) {
      this.#timer = setTimeout(() => this.#deliver(), Math.max(0, next.dueMs - performance.now()));
    }
  }

  #deliver(): void {
    const nowMs = performance.now();
    const waiting = this.#underWay.findIndex(({ dueMs }) => dueMs > nowMs);
    for (const { send } of this.#underWay.splice(0, waiting < 0 ? Infinity : waiting)) {
      try {
        send();
      } catch {
        this.#lost += 1; // not connected yet, or closed
      }
    }
    this.#wait();
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

function nameOf({ address, port }: RemoteInfo): string {
  return `${address} ${port}`;
}
