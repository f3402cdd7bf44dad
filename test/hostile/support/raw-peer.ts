import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface RawPeerOptions {
  readonly tls?: boolean;
  /** Offered over TLS. */
  readonly alpn?: readonly string[];
  /** Do not read: what comes stays in the kernel's buffers. */
  readonly deaf?: boolean;
}

/** One TCP or TLS connection that sends what it is told to, and keeps what comes back. */
export class RawPeer {
  readonly socket: Socket;
  /** Resolves with the milliseconds from the connection to its end, however it ended. */
  readonly closed: Promise<number>;
  isClosed = false;
  readonly #parts: Buffer[] = [];

  private constructor(socket: Socket, deaf: boolean) {
    this.socket = socket;
    const began = performance.now();
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isClosed = true;
        resolve(performance.now() - began);
      });
    });
    socket.on('error', () => {});
    if (!deaf) {
      socket.on('data', (bytes: Buffer) => this.#parts.push(bytes));
    }
  }

  /** Resolves when the connection is there. @throws Error when it is refused. */
  static async dial(port: number, options: RawPeerOptions = {}): Promise<RawPeer> {
    const { tls = false, alpn = [], deaf = false } = options;
    const where = { host: '127.0.0.1', port };
    const socket = tls
      ? connectTls({ ...where, ALPNProtocols: [...alpn], rejectUnauthorized: false })
      : connect(where);
    const peer = new RawPeer(socket, deaf);
    await Promise.race([
      once(socket, tls ? 'secureConnect' : 'connect'),
      peer.closed.then(() => {
        throw new Error('closed before it was open');
      }),
    ]);
    return peer;
  }

  /** Everything that came. */
  get received(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  send(bytes: Buffer | string): void {
    if (!this.isClosed) {
      this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    }
  }

  /** Sends one part after the other, each when the kernel has taken the one before. Ends early with the connection. */
  async pour(parts: Iterable<Buffer>): Promise<number> {
    let sent = 0;
    for (const part of parts) {
      if (this.isClosed) {
        break;
      }
      sent += part.length;
      if (!this.socket.write(part)) {
        await Promise.race([once(this.socket, 'drain').catch(() => {}), this.closed]);
      }
    }
    return sent;
  }

  /** Resolves when what came fits. @throws Error when it does not within the limit or the connection ends first. */
  async until(fits: RegExp, limitMs = 5000): Promise<RegExpExecArray> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = fits.exec(this.text);
      if (found) {
        return found;
      }
      const left = deadline - performance.now();
      if (this.isClosed || left <= 0) {
        throw new Error(`${fits} is not in: ${JSON.stringify(this.text.slice(0, 400))}`);
      }
      const timer = new AbortController();
      await Promise.race([
        once(this.socket, 'data', { signal: timer.signal }).catch(() => {}),
        this.closed,
        new Promise((resolve) => setTimeout(resolve, left).unref()),
      ]);
      timer.abort();
    }
  }

  /** Resolves with the milliseconds until the server closed. @throws Error when it did not within the limit. */
  async closedWithin(limitMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `still open after ${limitMs} ms; it said ${JSON.stringify(this.text.slice(0, 200))}`;
      const error = new Error(text);
      timer = setTimeout(() => reject(error), limitMs);
    });
    try {
      return await Promise.race([this.closed, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection with FIN. */
  finish(): void {
    this.socket.end();
  }

  /** Ends the connection at once, with RST where the kernel can. */
  async cut(): Promise<void> {
    if (!this.isClosed) {
      if ('encrypted' in this.socket) {
        this.socket.destroy();
      } else {
        this.socket.resetAndDestroy();
      }
      await this.closed;
    }
  }
}

/** Many connections at once, some dozens at a time so that no queue of the kernel overflows. */
export async function dialMany(
  count: number,
  port: number,
  options: RawPeerOptions = {},
): Promise<RawPeer[]> {
  const peers: RawPeer[] = [];
  while (peers.length < count) {
    const size = Math.min(200, count - peers.length);
    peers.push(
      ...(await Promise.all(Array.from({ length: size }, () => RawPeer.dial(port, options)))),
    );
  }
  return peers;
}

export async function cutAll(peers: Iterable<RawPeer>): Promise<void> {
  await Promise.all([...peers].map((peer) => peer.cut()));
}
