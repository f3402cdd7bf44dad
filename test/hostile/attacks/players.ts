import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import { deafPlayer, flvRequest, rtmpPlayBytes } from '../support/deaf-players.ts';
import { aacConfig, aacFrame, avcConfig, avcFrame, nal } from '../support/media-bytes.ts';
import { takenBy } from '../support/procfs.ts';
import { Random, scale, seed } from '../support/random.ts';
import { cutAll } from '../support/raw-peer.ts';
import { setChunkSize, userControl } from '../support/rtmp-bytes.ts';
import { deadlines, type Site } from '../support/site.ts';

/** A stream of about `bitrate` bits a second, until `halt` is called. */
async function fastPublisher(site: Site, name: string, bitrate: number) {
  const peer = await RtmpPeer.connect(site.ports.rtmp);
  await peer.publish(name);
  peer.sendBytes(setChunkSize(65_536));
  peer.sendVideo(0, avcConfig());
  peer.sendAudio(0, aacConfig);
  let frames = 0;
  const size = Math.floor(bitrate / 8 / 25);
  const frame = { key: avcFrame(true, nal(5, size)), other: avcFrame(false, nal(1, size)) };
  const began = performance.now();
  const timer = setInterval(() => {
    // As many as are due: the machine may be busy.
    for (; frames * 40 < performance.now() - began; frames += 1) {
      sendLarge(peer, frames * 40, frames % 50 === 0 ? frame.key : frame.other);
      peer.inbox.length = 0;
    }
  }, 20);
  return {
    peer,
    get frames() {
      return frames;
    },
    halt: async () => {
      clearInterval(timer);
      await peer.close();
    },
  };
}

/** A video message in chunks of 65536 bytes. */
function sendLarge(peer: RtmpPeer, timestamp: number, payload: Buffer): void {
  const head = Buffer.alloc(12);
  head[0] = 6;
  head.writeUIntBE(timestamp, 1, 3);
  head.writeUIntBE(payload.length, 4, 3);
  head[7] = 9;
  head.writeUInt32LE(1, 8);
  peer.sendBytes(head);
  for (let at = 0; at < payload.length; at += 65_536) {
    if (at > 0) {
      peer.sendBytes(Buffer.from([0xc6]));
    }
    peer.sendBytes(payload.subarray(at, at + 65_536));
  }
}

export function players(site: Site): void {
  const random = new Random(seed);

  describe('players', () => {
    site.attack(
      '110 players stop reading a stream of 60 Mbit/s, plainly and over TLS',
      async () => {
        const before = takenBy(site.pid).descriptors;
        const fast = await fastPublisher(site, 'fast', 60_000_000);
        const { rtmp, rtmps, http, https } = site.ports;
        const asks = [
          { count: 50, port: rtmp, ask: rtmpPlayBytes('fast'), tls: false },
          { count: 20, port: rtmps, ask: rtmpPlayBytes('fast'), tls: true },
          { count: 25, port: http, ask: flvRequest('fast'), tls: false },
          { count: 15, port: https, ask: flvRequest('fast'), tls: true },
        ];
        const deaf = await Promise.all(
          asks.flatMap(({ count, port, ask, tls }) =>
            Array.from({ length: count }, () => deafPlayer(port, ask, { tls })),
          ),
        );
        const good = await RtmpPeer.connect(rtmp);
        await good.play('fast');
        // Sockets fill, and the deadline passes: the server resets those that take nothing.
        await delay(deadlines.slowReaderMs + 2500);
        await good.takeMedia('video');
        const last = good.inbox.filter(({ type }) => type === 9).at(-1)?.timestamp ?? 0;
        expect(last).toBeGreaterThan(fast.frames * 40 - 1500);
        await good.close();
        // The deaf ones still have their ends open; the server has not. What is left is the publisher.
        await expect
          .poll(() => takenBy(site.pid).descriptors, { timeout: 10_000, interval: 200 })
          .toBeLessThanOrEqual(before + 2);
        await cutAll(deaf);
        await fast.halt();
      },
    );

    site.attack('players that read a little at a time', async () => {
      const fast = await fastPublisher(site, 'little', 20_000_000);
      const slow = await Promise.all(
        Array.from({ length: 30 }, () => deafPlayer(site.ports.http, flvRequest('little'))),
      );
      for (let round = 0; round < 20; round += 1) {
        await delay(100);
        for (const peer of slow) {
          peer.socket.read(1000);
        }
      }
      await cutAll(slow);
      await fast.halt();
    });

    site.attack('players join and leave 100 times a second', async () => {
      for (let round = 0; round < 15 * scale; round += 1) {
        const peers = await Promise.all(
          Array.from({ length: 20 }, (_, at) =>
            at % 2 === 0
              ? deafPlayer(site.ports.rtmp, rtmpPlayBytes('good'))
              : deafPlayer(site.ports.http, flvRequest('good')),
          ),
        );
        await delay(random.below(150));
        await cutAll(peers);
      }
    });

    site.attack('a player pauses, seeks and changes its mind without end', async () => {
      const peer = await RtmpPeer.connect(site.ports.rtmp);
      await peer.play('good');
      for (let round = 0; round < 3000; round += 1) {
        const on = random.below(2) === 1;
        const words: readonly (() => void)[] = [
          () => peer.command('pause', 0, null, on, Number.NaN),
          () => peer.command('receiveVideo', 0, null, on),
          () => peer.command('receiveAudio', 0, null, on),
          () => peer.command('seek', 0, null, -1e308),
          () => peer.command('play', 0, null, 'good', Number.NaN, Number.NaN, true),
          () => peer.command('play', 0, null, 'good', -2, 1e308),
          () => peer.command('closeStream', 0, null),
          () => peer.sendBytes(userControl(3, 0xffffffff)),
        ];
        random.pick(words)();
        if (round % 100 === 0) {
          await delay(5);
          peer.inbox.length = 0;
        }
      }
      await delay(200);
      await peer.close();
    });

    site.attack('a publisher floods metadata and sequence headers', async () => {
      const peer = await RtmpPeer.connect(site.ports.rtmp);
      await peer.publish('flood');
      const player = await deafPlayer(site.ports.rtmp, rtmpPlayBytes('flood'));
      for (let round = 0; round < 200; round += 1) {
        for (let count = 0; count < 50; count += 1) {
          peer.sendMetadata({ width: count, height: round, text: 'x'.repeat(100) });
          peer.sendVideo(
            round,
            avcConfig(Buffer.from([0x67, 0x42, 0xc0, count, 0xd9, round, 0xa0, 0x47, 0xfe, 0x88])),
          );
          peer.sendAudio(round, count % 2 ? aacConfig : Buffer.from('af001210', 'hex'));
          peer.sendAudio(round, aacFrame);
        }
        await new Promise((resolve) => setImmediate(resolve));
        peer.inbox.length = 0;
      }
      await peer.call('done', null);
      await player.cut();
      await peer.close();
    });
  });
}
