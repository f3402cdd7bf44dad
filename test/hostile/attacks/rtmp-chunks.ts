import { describe, expect } from 'vitest';
import { MessageType, writeChunks } from '../../support/rtmp/chunks.ts';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import { Random, scale, seed } from '../support/random.ts';
import { chunkHead, oneChunk, setChunkSize, userControl } from '../support/rtmp-bytes.ts';
import type { Site } from '../support/site.ts';

/** An answer to something that ends the connection at once. */
const AT_ONCE_MS = 2500;

export function rtmpChunks(site: Site): void {
  const connect = () => RtmpPeer.connect(site.ports.rtmp);
  const publish = async (name: string) => {
    const peer = await connect();
    await peer.publish(name);
    return peer;
  };

  describe('RTMP chunks', () => {
    site.attack('chunk sizes that are not allowed end the connection', async () => {
      for (const size of [0, 0x80000000, 0xffffffff, 0x7fffffff, 0x01000000]) {
        const peer = await connect();
        peer.sendBytes(setChunkSize(size));
        await peer.end(AT_ONCE_MS);
      }
    });

    site.attack('chunks of one byte work', async () => {
      const peer = await connect();
      peer.sendBytes(setChunkSize(1));
      const payload = Buffer.from(
        '\x02\x00\x0ccreateStream\x00\x40\x10\x00\x00\x00\x00\x00\x00\x05',
        'latin1',
      );
      const message = { type: MessageType.command, timestamp: 0, streamId: 0, payload };
      peer.sendBytes(writeChunks(3, message, 1));
      await peer.takeCommand(({ name }) => name === '_result', '_result');
      await peer.close();
    });

    site.attack('the chunk size changes within a message', async () => {
      const peer = await publish('sizes');
      const random = new Random(seed);
      for (let round = 0; round < 200 * scale && !peer.ended; round += 1) {
        const payload = random.bytes(1000);
        peer.sendBytes(
          Buffer.concat([
            chunkHead({ chunkStream: 6, length: 1000, type: MessageType.video, streamId: 1 }),
            payload.subarray(0, 128),
            setChunkSize(random.pick([1, 64, 128, 5000, 65536])),
            payload.subarray(128),
          ]),
        );
      }
      await peer.close();
    });

    site.attack('16 MB are declared and never sent', async () => {
      const peers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => publish(`declared${at}`)),
      );
      for (const peer of peers) {
        for (let chunkStream = 3; chunkStream < 60; chunkStream += 1) {
          const type = MessageType.video;
          peer.sendBytes(chunkHead({ chunkStream, length: 0xffffff, type, streamId: 1 }));
          peer.sendBytes(Buffer.alloc(128));
        }
      }
      await Promise.all(peers.map((peer) => peer.call('nothing', null).catch(() => {})));
      await Promise.all(peers.map((peer) => peer.close()));
    });

    site.attack('unfinished messages have a budget', async () => {
      const peer = await publish('unfinished');
      peer.sendBytes(setChunkSize(0xffff));
      let sent = 0;
      const part = Buffer.alloc(0xffff);
      const first = (chunkStream: number) =>
        chunkHead({ chunkStream, length: 0xffffff, type: MessageType.video, streamId: 1 });
      for (let round = 0; round < 40 && !peer.ended; round += 1) {
        for (let chunkStream = 3; chunkStream < 33 && !peer.ended; chunkStream += 1) {
          const head = round === 0 ? first(chunkStream) : Buffer.from([0xc0 | chunkStream]);
          peer.sendBytes(Buffer.concat([head, part]));
          sent += part.length;
        }
        await peer.received(() => true, 'a turn');
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sent).toBeGreaterThan(32 * 1024 * 1024);
      await peer.end(AT_ONCE_MS);
    });

    site.attack('before a name is published messages are short', async () => {
      const peer = await connect();
      peer.sendBytes(chunkHead({ length: 0xffffff, type: MessageType.command }));
      await peer.end(AT_ONCE_MS);
    });

    site.attack('65599 chunk streams', async () => {
      for (const open of [connect, () => publish('manystreams')]) {
        const peer = await open();
        for (let chunkStream = 3; chunkStream <= 65_599 && !peer.ended; chunkStream += 1) {
          peer.sendBytes(chunkHead({ chunkStream, length: 0xffff, type: MessageType.audio }));
          peer.sendBytes(Buffer.alloc(128));
          if (chunkStream % 512 === 0) {
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
        await peer.end(AT_ONCE_MS);
      }
    });

    site.attack('headers in an order that does not exist', async () => {
      const type = MessageType.audio;
      const bytes = [
        chunkHead({ format: 3, chunkStream: 9, length: 0, type }),
        chunkHead({ format: 2, chunkStream: 9, length: 0, type }),
        Buffer.concat([
          chunkHead({ chunkStream: 9, length: 300, type }),
          Buffer.alloc(128),
          chunkHead({ chunkStream: 9, length: 20, type }),
          Buffer.alloc(20),
        ]),
      ];
      for (const part of bytes) {
        const peer = await connect();
        peer.sendBytes(part);
        peer.command('getStreamLength', 9, null, 'x');
        await Promise.race([
          peer.end(AT_ONCE_MS),
          peer.takeCommand(({ name }) => name === '_result', '_result').catch(() => {}),
        ]);
        await peer.close();
      }
    });

    site.attack('acknowledgement windows of 0 and 1 make no storm', async () => {
      for (const window of [0, 1]) {
        const peer = await publish(`window${window}`);
        const size = Buffer.alloc(4);
        size.writeUInt32BE(window);
        peer.sendBytes(oneChunk(MessageType.windowAckSize, size));
        peer.sendBytes(setChunkSize(65536));
        const before = peer.bytesReceived;
        const payload = Buffer.concat([Buffer.from([0xaf, 1]), Buffer.alloc(1000)]);
        for (let count = 0; count < 1000; count += 1) {
          peer.sendBytes(
            chunkHead({ chunkStream: 4, length: 1002, type: MessageType.audio, streamId: 1 }),
          );
          peer.sendBytes(payload);
        }
        await peer.call('done', null);
        // 1 MB at one acknowledgement of 16 bytes for every 4096 bytes at most.
        expect(peer.bytesReceived - before).toBeLessThan((1_020_000 / 4096) * 16 + 1000);
        await peer.close();
      }
    });

    site.attack('abort, user control, bandwidth and short control messages are borne', async () => {
      const peer = await connect();
      for (let count = 0; count < 2000; count += 1) {
        const value = Buffer.alloc(4);
        value.writeUInt32BE(count * 2_147_483);
        peer.sendBytes(oneChunk(2, value));
        peer.sendBytes(userControl(count % 40, 0xffffffff));
        peer.sendBytes(oneChunk(MessageType.acknowledgement, value));
        peer.sendBytes(
          oneChunk(MessageType.setPeerBandwidth, Buffer.concat([value, Buffer.from([9])])),
        );
      }
      const answer = await peer.call('getStreamLength', null, 'x');
      expect(answer.name).toBe('_result');
      await peer.close();
      for (const type of [1, 2, 4, 5]) {
        const short = await connect();
        short.sendBytes(oneChunk(type, Buffer.from([0])));
        short.sendBytes(oneChunk(type, Buffer.alloc(0)));
        await short.call('still there', null).catch(() => {});
        await short.close();
      }
    });

    site.attack('a million pings are answered no faster than they are read', async () => {
      const peer = await connect();
      peer.pauseReading();
      const pings = Buffer.concat(Array.from({ length: 4000 }, (_, at) => userControl(6, at)));
      for (let round = 0; round < 60; round += 1) {
        peer.sendBytes(pings);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await peer.close();
    });

    site.attack('aggregates whose sizes lie', async () => {
      const peer = await publish('aggregates');
      const random = new Random(seed);
      const tag = Buffer.from('080000040000000000000000af010203ffffffff', 'hex');
      for (let count = 0; count < 500 * scale && !peer.ended; count += 1) {
        const payload = random.mutate(Buffer.concat([tag, tag, tag]), 1 + random.below(6));
        peer.send(7, { type: MessageType.aggregate, timestamp: count, streamId: 1, payload });
      }
      await peer.close();
    });

    site.attack(
      'good sessions with some bytes changed',
      async () => {
        const random = new Random(seed);
        const command = (text: string) => Buffer.from(text, 'latin1');
        const session = Buffer.concat([
          writeChunks(
            3,
            {
              ...{ type: MessageType.command, timestamp: 0, streamId: 0 },
              payload: command(
                '\x02\x00\x07publish\x00\x40\x14\0\0\0\0\0\0\x05\x02\x00\x05fuzzy\x02\x00\x04live',
              ),
            },
            128,
          ),
          setChunkSize(4096),
          oneChunk(
            MessageType.data,
            command(
              '\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData\x08\0\0\0\x01\x00\x05width\x00\x40\x84\0\0\0\0\0\0\x00\x00\x09',
            ),
            5,
          ),
          oneChunk(
            MessageType.video,
            Buffer.from('17000000000142c01effe1000a6742c01ed900a047fe88010004680fcb20', 'hex'),
            6,
          ),
          oneChunk(MessageType.audio, Buffer.from('af001190', 'hex'), 4),
          oneChunk(MessageType.video, Buffer.from('1701000000000000056588840000', 'hex'), 6),
        ]);
        for (let round = 0; round < 15 * scale; round += 1) {
          const peers = await Promise.all(Array.from({ length: 20 }, connect));
          for (const peer of peers) {
            peer.sendBytes(random.mutate(session, 1 + random.below(12)));
          }
          await Promise.all(
            peers
              .map((peer) => peer.call('done', null).catch(() => {}))
              .map((done) =>
                Promise.race([done, new Promise((resolve) => setTimeout(resolve, 300))]),
              ),
          );
          await Promise.all(peers.map((peer) => peer.close()));
        }
      },
      120_000,
    );
  });
}
