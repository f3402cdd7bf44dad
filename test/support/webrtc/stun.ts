import { createHmac, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const MAGIC = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const HEADER = 20;

/** Credentials of the server in an answer, and the peer's own fragment. */
export interface CheckCredentials {
  readonly localUfrag: string;
  readonly localPwd: string;
  readonly remoteUfrag: string;
}

/** The server's credentials in its answer. */
export function credentialsOf(answer: string, remoteUfrag: string): CheckCredentials {
  const value = (name: string) => new RegExp(`a=${name}:(\\S+)`).exec(answer)?.[1] ?? '';
  return { localUfrag: value('ice-ufrag'), localPwd: value('ice-pwd'), remoteUfrag };
}

/** A connectivity check (RFC 8445 §7.1) as a full agent sends it. */
export function connectivityCheck({ localUfrag, localPwd, remoteUfrag }: CheckCredentials): Buffer {
  const attributes = [
    attribute(0x0006, Buffer.from(`${localUfrag}:${remoteUfrag}`)), // USERNAME
    attribute(0x0024, Buffer.from([0x6e, 0x7f, 0xff, 0xff])), // PRIORITY
    attribute(0x802a, randomBytes(8)), // ICE-CONTROLLING
    attribute(0x0025, Buffer.alloc(0)), // USE-CANDIDATE
  ];
  const head = Buffer.alloc(HEADER);
  head.writeUInt16BE(BINDING_REQUEST, 0);
  head.writeUInt32BE(MAGIC, 4);
  randomBytes(12).copy(head, 8);
  const message = [head, ...attributes];
  // RFC 8489 §14.5 and §14.7: each is made as if the message ended with it.
  setLength(message, 24);
  const integrity = createHmac('sha1', localPwd).update(Buffer.concat(message)).digest();
  message.push(attribute(0x0008, integrity));
  setLength(message, 8);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(Buffer.concat(message)) ^ 0x5354554e) >>> 0);
  message.push(attribute(0x8028, fingerprint));
  return Buffer.concat(message);
}

/** Whether a datagram is a success response to a check. */
export function isSuccess(datagram: Buffer): boolean {
  return datagram.length >= HEADER && datagram.readUInt16BE(0) === 0x0101;
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** @param more  bytes that are still to come. */
function setLength(message: readonly Buffer[], more: number): void {
  const length = message.reduce((sum, part) => sum + part.length, 0);
  message[0]?.writeUInt16BE(length - HEADER + more, 2);
}
