import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type AmfValue, decodeAmf, EcmaArray, encodeAmf } from './amf0.ts';
import { ChunkReader, type Message, MessageType, writeChunks } from './chunks.ts';

const HANDSHAKE_BYTES = 1536;
/** Longest wait for an answer. */
const LIMIT_MS = 10_000;
/** The only message stream of a connection (SRS). */
const STREAM_ID = 1;

/** A command message: its name, then its values without the name. */
export interface Command {
  readonly name: string;
  readonly values: readonly AmfValue[];
}

export function commandOf(message: Message): Command | undefined {
  if (message.type !== MessageType.command) {
    return undefined;
  }
  const [name, ...values] = decodeAmf(message.payload);
  return { name: String(name), values };
}

/** `code` of the information object that a command carries. */
export function codeOf({ values }: Command): string {
  const info = values.find(
    (value) => value !== null && typeof value === 'object' && 'code' in value,
  );
  return String((info as { code?: AmfValue } | undefined)?.code ?? '');
}

export interface RtmpPeerOptions {
  /** Bytes to send before the handshake. */
  readonly before?: Buffer;
  /** What `connect` says; the host may name a vhost. */
  readonly tcUrl?: string;
  readonly app?: string;
  readonly pageUrl?: string;
}

/**
 * A small RTMP client, whose every message a test can see and choose. Messages that have come wait in
 * `inbox` until they are taken.
 */
export class RtmpPeer {
  readonly inbox: Message[] = [];
  readonly reader = new ChunkReader();
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;
  #handshakeLeft = 1 + 2 * HANDSHAKE_BYTES;
  /** Of those who wait for something: called when anything has happened. */
  readonly #waiting: (() => void)[] = [];
  #transaction = 1;
  #error: Error | undefined;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = once(socket, 'close').catch(() => {});
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Connects, and resolves when `connect` was answered. */
  static async connect(port: number, options: RtmpPeerOptions = {}): Promise<RtmpPeer> {
    const peer = await RtmpPeer.dial(port, options.before);
    const app = options.app ?? 'live';
    await peer.call('connect', {
      app,
      tcUrl: options.tcUrl ?? `rtmp://127.0.0.1:${port}/${app}`,
      flashVer: 'FMLE/3.0 (compatible; test)',
      ...(options.pageUrl === undefined ? {} : { pageUrl: options.pageUrl }),
    });
    return peer;
  }

  /** Connects with the plain handshake (RTMP 1.0 §5.2), and no more. */
  static async dial(port: number, before: Buffer = Buffer.alloc(0)): Promise<RtmpPeer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const peer = new RtmpPeer(socket);
    await once(socket, 'connect');
    const c1 = randomBytes(HANDSHAKE_BYTES);
    c1.fill(0, 0, 8);
    socket.write(Buffer.concat([before, Buffer.from([3]), c1]));
    await peer.#until(() => peer.#handshakeLeft === 0 || undefined, 'handshake');
    return peer;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The connection itself, for ends that this client has no word for. */
  get socket(): Socket {
    return this.#socket;
  }

  get bytesReceived(): number {
    return this.#socket.bytesRead;
  }

  /** Calls a command and resolves with its `_result` or `_error`. */
  async call(name: string, object: AmfValue, ...values: AmfValue[]): Promise<Command> {
    const transaction = this.#transaction;
    this.#transaction += 1;
    this.command(name, transaction, object, ...values);
    return this.takeCommand(
      (command) => /^_(result|error)$/.test(command.name) && command.values[0] === transaction,
      `answer to ${name}`,
    );
  }

  /** Sends a command that nothing answers to. */
  command(name: string, ...values: AmfValue[]): void {
    const streamId = /^(publish|play|pause|receive|closeStream)/.test(name) ? STREAM_ID : 0;
    const payload = encodeAmf(name, ...values);
    this.send(3, { type: MessageType.command, timestamp: 0, streamId, payload });
  }

  /** Publishes as FMLE does; resolves when the server says that it may begin. */
  async publish(name: string): Promise<void> {
    this.command('releaseStream', this.#transaction++, null, name);
    this.command('FCPublish', this.#transaction++, null, name);
    await this.call('createStream', null);
    this.command('publish', this.#transaction++, null, name, 'live');
    await this.status('NetStream.Publish.Start');
  }

  /** Publishes as Flash Player does: without `releaseStream` and `FCPublish`. */
  async publishAsFlash(name: string): Promise<void> {
    await this.call('createStream', null);
    this.command('publish', 0, null, name, 'live');
    await this.status('NetStream.Publish.Start');
  }

  /** Plays; resolves when the server says that it has begun. @param more  start, duration, reset. */
  async play(name: string, ...more: AmfValue[]): Promise<void> {
    await this.call('createStream', null);
    this.command('play', 0, null, name, ...more);
    await this.status('NetStream.Play.Start');
  }

  sendAudio(timestamp: number, payload: Buffer): void {
    this.send(4, { type: MessageType.audio, timestamp, streamId: STREAM_ID, payload });
  }

  sendVideo(timestamp: number, payload: Buffer): void {
    this.send(6, { type: MessageType.video, timestamp, streamId: STREAM_ID, payload });
  }

  sendMetadata(values: Record<string, AmfValue>): void {
    const payload = encodeAmf('@setDataFrame', 'onMetaData', new EcmaArray(values));
    this.send(5, { type: MessageType.data, timestamp: 0, streamId: STREAM_ID, payload });
  }

  /** Sends a message in chunks of 128 bytes, which is what holds before Set Chunk Size. */
  send(chunkStream: number, message: Message): void {
    this.sendBytes(writeChunks(chunkStream, message, 128));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Stops reading: the kernel's buffers fill up. */
  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  /** Resolves with the next message that fits; those before it stay. */
  take(fits: (message: Message) => boolean, what: string): Promise<Message> {
    return this.#until(() => {
      const at = this.inbox.findIndex(fits);
      return at < 0 ? undefined : this.inbox.splice(at, 1)[0];
    }, what);
  }

  /** Resolves when what is in the inbox is enough; takes nothing. */
  async received(enough: (inbox: readonly Message[]) => boolean, what: string): Promise<void> {
    await this.#until(() => enough(this.inbox) || undefined, what);
  }

  takeMedia(type: 'audio' | 'video'): Promise<Message> {
    return this.take((message) => message.type === MessageType[type], type);
  }

  async takeCommand(fits: (command: Command) => boolean, what: string): Promise<Command> {
    const isIt = (message: Message) => {
      const command = commandOf(message);
      return command !== undefined && fits(command);
    };
    const message = await this.take(isIt, what);
    return commandOf(message) as Command;
  }

  /** Resolves with the `onStatus` of this code. */
  status(code: string): Promise<Command> {
    const fits = (command: Command) => command.name === 'onStatus' && codeOf(command) === code;
    return this.takeCommand(fits, code);
  }

  /** Resolves when the server has closed the connection. */
  async end(limitMs = LIMIT_MS): Promise<void> {
    await this.#until(() => this.#ended || undefined, 'end of the connection', limitMs);
  }

  /** Closes the connection without a word, and resolves when that is done. */
  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#closed;
  }

  #onData(bytes: Buffer): void {
    const skipped = Math.min(this.#handshakeLeft, bytes.length);
    if (skipped > 0) {
      this.#handshakeLeft -= skipped;
      if (this.#handshakeLeft === 0) {
        // C2: the server does not look at it (it should echo S1).
        this.#socket.write(Buffer.alloc(HANDSHAKE_BYTES));
      }
    }
    try {
      this.inbox.push(...this.reader.feed(bytes.subarray(skipped)));
    } catch (error) {
      this.#error = error as Error;
      this.#socket.destroy();
    }
    this.#wake();
  }

  async #until<T>(find: () => T | undefined, what: string, limitMs = LIMIT_MS): Promise<T> {
    const timer = { over: false };
    const timeout = setTimeout(() => {
      timer.over = true;
      this.#wake();
    }, limitMs);
    try {
      for (;;) {
        const found = find();
        if (found !== undefined) {
          return found;
        }
        if (this.#error) {
          throw this.#error;
        }
        if (this.#ended || timer.over) {
          throw new Error(
            `${this.#ended ? 'connection ended' : 'waited too long'} before: ${what}; ${this.#summary()}`,
          );
        }
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
      }
    } finally {
      clearTimeout(timeout);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }

  #summary(): string {
    const last = this.inbox.slice(-8).map((message) => {
      const command = commandOf(message);
      return command ? `${command.name} ${codeOf(command)}` : `type ${message.type}`;
    });
    return `untaken: ${last.join(', ') || 'nothing'}`;
  }
}
