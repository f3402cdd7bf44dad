import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Control packet types, draft-sharabayko-srt-01 §3.2. */
export const control = {
  handshake: 0,
  keepAlive: 1,
  ack: 2,
  nak: 3,
  shutdown: 5,
  dropRequest: 7,
  user: 0x7fff,
};
/** Request types of a handshake, §3.2.1. */
const INDUCTION = 1;
const CONCLUSION = 0xffffffff;
const HEADER = 16;
const HANDSHAKE = 48;

/** What a server answered to a handshake. */
export interface HandshakeAnswer {
  readonly version: number;
  readonly requestType: number;
  readonly socketId: number;
  readonly cookie: number;
  readonly size: number;
}

/** A caller that speaks SRT by hand, right or wrong: for what no library would send. */
export class SrtPeer {
  readonly socket: Socket;
  readonly #port: number;
  readonly #id = 0x1000 + Math.floor(Math.random() * 0x10000000);
  /** Socket id of the server's side; 0 before the handshake is over. */
  serverId = 0;

  private constructor(socket: Socket, port: number) {
    this.socket = socket;
    this.#port = port;
  }

  static async open(port: number): Promise<SrtPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new SrtPeer(socket, port);
  }

  close(): void {
    this.socket.close();
  }

  send(bytes: Uint8Array): void {
    this.socket.send(bytes, this.#port, '127.0.0.1');
  }

  /** A control packet for the server's side of the connection. */
  sendControl(type: number, subtype: number, info: number, body: Uint8Array): void {
    const packet = Buffer.alloc(HEADER + body.length);
    packet.writeUInt16BE(0x8000 | type, 0);
    packet.writeUInt16BE(subtype, 2);
    packet.writeUInt32BE(info >>> 0, 4);
    packet.writeUInt32BE(this.serverId, 12);
    packet.set(body, HEADER);
    this.send(packet);
  }

  /** Asks for a cookie. */
  async induce(): Promise<HandshakeAnswer> {
    this.send(this.#handshake(4, 2, INDUCTION, 0, Buffer.alloc(0)));
    return this.#answer();
  }

  /** The whole handshake. @return the answer to its last part. */
  async connect(streamId: string): Promise<HandshakeAnswer> {
    const { cookie } = await this.induce();
    this.conclude(cookie, streamId);
    const answer = await this.#answer();
    this.serverId = answer.socketId;
    return answer;
  }

  /** Sends the last part of the handshake. */
  conclude(
    cookie: number,
    streamId: string | Uint8Array,
    more: Uint8Array = Buffer.alloc(0),
  ): void {
    const request = Buffer.alloc(16);
    request.writeUInt32BE(0x0001_0003, 0); // HSREQ of three words
    request.writeUInt32BE(0x0001_0501, 4);
    request.writeUInt32BE(0xbf, 8);
    request.writeUInt32BE(0x0078_0078, 12);
    const extensions = Buffer.concat([request, streamIdExtension(streamId), more]);
    this.send(this.#handshake(5, 5, CONCLUSION, cookie, extensions));
  }

  #handshake(
    version: number,
    field: number,
    type: number,
    cookie: number,
    rest: Uint8Array,
  ): Buffer {
    const packet = Buffer.alloc(HEADER + HANDSHAKE + rest.length);
    packet.writeUInt16BE(0x8000 | control.handshake, 0);
    packet.writeUInt32BE(version, HEADER);
    packet.writeUInt32BE(field, HEADER + 4);
    packet.writeUInt32BE(7, HEADER + 8);
    packet.writeUInt32BE(1500, HEADER + 12);
    packet.writeUInt32BE(8192, HEADER + 16);
    packet.writeUInt32BE(type, HEADER + 20);
    packet.writeUInt32BE(this.#id, HEADER + 24);
    packet.writeUInt32BE(cookie >>> 0, HEADER + 28);
    packet.writeUInt32LE(0x7f000001, HEADER + 32);
    packet.set(rest, HEADER + HANDSHAKE);
    return packet;
  }

  async #answer(): Promise<HandshakeAnswer> {
    for (;;) {
      const [bytes] = (await once(this.socket, 'message', {
        signal: AbortSignal.timeout(10_000),
      })) as [Buffer];
      if (bytes.length >= HEADER + HANDSHAKE && bytes.readUInt32BE(0) === 0x8000_0000) {
        return {
          version: bytes.readUInt32BE(HEADER),
          requestType: bytes.readUInt32BE(HEADER + 20),
          socketId: bytes.readUInt32BE(HEADER + 24),
          cookie: bytes.readUInt32BE(HEADER + 28),
          size: bytes.length,
        };
      }
    }
  }
}

/** §3.2.1.3: 32-bit words whose bytes are turned around. */
function streamIdExtension(streamId: string | Uint8Array): Buffer {
  const text = Buffer.from(streamId);
  const words = Math.ceil(text.length / 4);
  const body = Buffer.alloc(words * 4);
  text.copy(body);
  const head = Buffer.from([0, 5, words >> 8, words & 255]);
  return Buffer.concat([head, body.swap32()]);
}
