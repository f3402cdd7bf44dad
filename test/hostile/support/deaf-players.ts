import { type AmfValue, encodeAmf } from '../../support/rtmp/amf0.ts';
import { MessageType, writeChunks } from '../../support/rtmp/chunks.ts';
import { RawPeer, type RawPeerOptions } from './raw-peer.ts';

function command(streamId: number, ...values: readonly AmfValue[]): Buffer {
  const payload = encodeAmf(...values);
  return writeChunks(3, { type: MessageType.command, timestamp: 0, streamId, payload }, 128);
}

/** All that a player of RTMP has to say, in one piece: nothing in it depends on an answer. */
export function rtmpPlayBytes(name: string): Buffer {
  return Buffer.concat([
    Buffer.from([3]),
    Buffer.alloc(2 * 1536),
    command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' }),
    command(0, 'createStream', 2, null),
    command(1, 'play', 3, null, name),
  ]);
}

export function flvRequest(name: string, more = ''): string {
  return `GET /live/${name}.flv HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;
}

/** A player that asks for a stream and never reads a byte of it. */
export async function deafPlayer(
  port: number,
  ask: Buffer | string,
  options: RawPeerOptions = {},
): Promise<RawPeer> {
  const peer = await RawPeer.dial(port, { ...options, deaf: true });
  peer.socket.pause();
  peer.send(ask);
  return peer;
}
