import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect } from 'vitest';
import { control, SrtPeer } from '../../support/srt/srt-peer.ts';
import { Random } from '../support/random.ts';
import type { Site } from '../support/site.ts';

const CONNECTED = 0xffffffff;
const BAD_REQUEST = 1000 + 1400;

export function srt(site: Site): void {
  describe('SRT', () => {
    site.attack('datagrams of garbage', async () => {
      const random = new Random(1);
      const socket = createSocket('udp4');
      for (let at = 0; at < 5000; at += 1) {
        const bytes = random.bytes(random.below(1500));
        socket.send(bytes, site.ports.srt, '127.0.0.1');
        if (at % 100 === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      socket.close(() => {});
    });

    site.attack(
      'two thousand handshakes that go no further, answered with no more than they sent',
      async () => {
        const peers = await Promise.all(
          Array.from({ length: 50 }, () => SrtPeer.open(site.ports.srt)),
        );
        for (let round = 0; round < 40; round += 1) {
          const answers = await Promise.all(peers.map((peer) => peer.induce()));
          for (const { version, size } of answers) {
            expect(version).toBe(5);
            expect(size).toBeLessThanOrEqual(16 + 48);
          }
        }
        for (const peer of peers) {
          peer.close();
        }
      },
    );

    site.attack('cookies that are wrong', async () => {
      const peer = await SrtPeer.open(site.ports.srt);
      for (let at = 0; at < 200; at += 1) {
        peer.conclude(at * 7919, '#!::r=live/x,m=publish');
      }
      await peer.induce();
      peer.close();
    });

    site.attack('stream ids that are odd', async () => {
      const ids = [
        'x'.repeat(512),
        `#!::${'r=live/a,'.repeat(50)}`,
        `#!::r=${'../'.repeat(100)}x,m=publish`,
        '#!::r=live/a\n[2026-01-01 00:00:00.000][INFO] forged,m=publish',
        '#!::r=live/a\u0000b',
        Buffer.from([0xff, 0xfe, 0x80, 0x00]),
        '#!::m=publish',
        '#!:{}',
        '%00%2e%2e%2f',
        '=,=,=',
      ];
      for (const id of ids) {
        const peer = await SrtPeer.open(site.ports.srt);
        const { cookie } = await peer.induce();
        peer.conclude(cookie, id);
        const [bytes] = (await once(peer.socket, 'message', {
          signal: AbortSignal.timeout(10_000),
        })) as [Buffer];
        expect(bytes.length).toBeGreaterThanOrEqual(64);
        peer.close();
      }
      const peer = await SrtPeer.open(site.ports.srt);
      expect((await peer.connect('#!::m=publish')).requestType).toBe(BAD_REQUEST);
      peer.close();
    });

    site.attack('key messages that are too long, in the handshake and after it', async () => {
      // CVE-2026-55868 and CVE-2026-55869: libsrt before 1.5.6 wrote them over its stack.
      for (const size of [100, 600, 1400]) {
        const peer = await SrtPeer.open(site.ports.srt);
        const answer = await peer.connect('#!::r=live/key,m=request');
        expect(answer.requestType).toBe(CONNECTED);
        for (const subtype of [3, 4]) {
          peer.sendControl(control.user, subtype, 0, Buffer.alloc(size, 0x12));
        }
        peer.sendControl(control.shutdown, 0, 0, Buffer.alloc(4));
        peer.close();

        const other = await SrtPeer.open(site.ports.srt);
        const { cookie } = await other.induce();
        const words = Math.floor(Math.min(size, 1200) / 4);
        const message = Buffer.alloc(4 + words * 4, 0x12);
        message.writeUInt16BE(3, 0);
        message.writeUInt16BE(words, 2);
        other.conclude(cookie, '#!::r=live/key,m=request', message);
        other.close();
      }
    });

    site.attack('acknowledgements, losses and drops of what was never sent', async () => {
      const peer = await SrtPeer.open(site.ports.srt);
      expect((await peer.connect('#!::r=live/hostile,m=request')).requestType).toBe(CONNECTED);
      const random = new Random(2);
      for (let at = 0; at < 500; at += 1) {
        for (const type of [control.ack, control.nak, 6, control.dropRequest, control.keepAlive]) {
          peer.sendControl(type, 0, random.below(2 ** 31), random.bytes(random.below(64)));
        }
      }
      peer.sendControl(control.shutdown, 0, 0, Buffer.alloc(4));
      peer.close();
    });

    site.attack('a publisher of garbage instead of MPEG-TS', async () => {
      const peer = await SrtPeer.open(site.ports.srt);
      expect((await peer.connect('#!::r=live/garbage,m=publish')).requestType).toBe(CONNECTED);
      const random = new Random(3);
      for (let sequence = 7; sequence < 2007; sequence += 1) {
        const packet = Buffer.concat([Buffer.alloc(16), random.bytes(1316)]);
        packet.writeUInt32BE(sequence, 0);
        packet.writeUInt32BE(0xc000_0000 + sequence - 6, 4);
        packet.writeUInt32BE(sequence * 100, 8);
        packet.writeUInt32BE(peer.serverId, 12);
        peer.send(packet);
        if (sequence % 50 === 0) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      peer.sendControl(control.shutdown, 0, 0, Buffer.alloc(4));
      peer.close();
    });

    site.attack('fifty connections that fall silent', async () => {
      const peers = await Promise.all(
        Array.from({ length: 50 }, () => SrtPeer.open(site.ports.srt)),
      );
      await Promise.all(
        peers.map(async (peer, at) => {
          expect((await peer.connect(`#!::r=live/silent${at},m=publish`)).requestType).toBe(
            CONNECTED,
          );
        }),
      );
      for (const peer of peers) {
        peer.close();
      }
    });
  });
}
