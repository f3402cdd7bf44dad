import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect } from 'vitest';
import {
  type CheckCredentials,
  connectivityCheck,
  credentialsOf,
  isSuccess,
} from '../../support/webrtc/stun.ts';
import { Random, seed } from '../support/random.ts';
import type { Site } from '../support/site.ts';

const offer = readFileSync(
  new URL('../../vectors/sdp/chromium-publish.sdp', import.meta.url),
  'utf8',
);
const remoteUfrag = /a=ice-ufrag:(\S+)/.exec(offer)?.[1] ?? '';

/** A peer of WebRTC that does not keep to the rules. */
class RogueSocket {
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;
  readonly received: Buffer[] = [];

  constructor(port: number) {
    this.#port = port;
    this.#socket.on('message', (bytes) => this.received.push(bytes));
    this.#socket.on('error', () => {});
  }

  send(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send(bytes, this.#port, '127.0.0.1', () => resolve());
    });
  }

  /** Sends a check until it is answered. @return the answer. */
  async check(credentials: CheckCredentials): Promise<Buffer> {
    const request = connectivityCheck(credentials);
    for (let round = 0; round < 50; round += 1) {
      const answered = once(this.#socket, 'message', { signal: AbortSignal.timeout(200) }).catch(
        () => undefined,
      );
      await this.send(request);
      await answered;
      const answer = this.received.find(isSuccess);
      if (answer) {
        expect(answer.length).toBeLessThanOrEqual(request.length);
        return answer;
      }
    }
    throw new Error('the check was not answered');
  }

  close(): void {
    this.#socket.close();
  }
}

/** Datagrams and connections on the ports of WebRTC media. */
export function webrtcTransport(site: Site): void {
  const random = new Random(seed);
  const publish = async (name: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${site.ports.api}/rtc/v1/whip/?stream=${name}`, {
      method: 'POST',
      body: offer,
      // 127.0.0.1 is a trusted proxy here, and brings one client.
      headers: { connection: 'close', 'x-forwarded-for': '192.0.2.66' },
      signal: AbortSignal.timeout(10_000),
    });
  /** An address has a bounded number of sessions that are not connected: waits for a free place. */
  const admitted = async (name: string): Promise<Response> => {
    for (;;) {
      const response = await publish(name);
      if (response.status !== 429) {
        return response;
      }
      await response.text();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const session = async (name: string): Promise<CheckCredentials> => {
    const response = await admitted(name);
    const answer = await response.text();
    expect(response.status, answer).toBe(201);
    return credentialsOf(answer, remoteUfrag);
  };

  describe('WebRTC media', () => {
    site.attack('datagrams of strangers are not answered', async () => {
      const rogues = Array.from({ length: 10 }, () => new RogueSocket(site.ports.rtc));
      const firsts = [0x00, 0x01, 0x14, 0x16, 0x17, 0x40, 0x80, 0x81, 0x90, 0xbf, 0xff];
      for (let round = 0; round < 500; round += 1) {
        await Promise.all(
          rogues.map((rogue) => {
            const bytes = random.bytes(random.below(1500));
            if (bytes.length > 0) {
              bytes[0] = firsts[random.below(firsts.length)] ?? 0;
            }
            return rogue.send(bytes);
          }),
        );
      }
      const unknown = { localUfrag: 'nobody12', localPwd: 'x'.repeat(32), remoteUfrag: 'abcd' };
      const check = connectivityCheck(unknown);
      for (const rogue of rogues) {
        await rogue.send(check);
        for (let cut = 0; cut < check.length; cut += 1) {
          await rogue.send(check.subarray(0, cut));
        }
        const longer = Buffer.concat([check, random.bytes(1300)]);
        longer.writeUInt16BE(longer.length - 20, 2);
        await rogue.send(longer);
      }
      // Whatever the server would answer comes before the answer to a good check.
      const good = new RogueSocket(site.ports.rtc);
      await good.check(await session('honest'));
      good.close();
      for (const rogue of rogues) {
        expect(rogue.received).toEqual([]);
        rogue.close();
      }
      // Told once a second.
      await site.server.line(/datagram from an address that no WebRTC session has checked/);
    });

    site.attack('checks that know the user but not the password', async () => {
      const credentials = await session('guessed');
      const rogues = Array.from({ length: 20 }, () => new RogueSocket(site.ports.rtc));
      for (let round = 0; round < 100; round += 1) {
        const guess = { ...credentials, localPwd: random.bytes(16).toString('hex') };
        await Promise.all(rogues.map((rogue) => rogue.send(connectivityCheck(guess))));
      }
      const good = new RogueSocket(site.ports.rtc);
      await good.check(credentials);
      // Media from an address that was not checked is nobody's, also while the session has a path.
      for (const rogue of rogues) {
        await rogue.send(Buffer.concat([Buffer.from([0x80, 96]), random.bytes(500)]));
        expect(rogue.received).toEqual([]);
        rogue.close();
      }
      good.close();
    });

    site.attack('handshakes that begin with garbage, with fragments, or not at all', async () => {
      const rogues = Array.from({ length: 60 }, () => new RogueSocket(site.ports.rtc));
      await Promise.all(
        rogues.map(async (rogue, at) => {
          await rogue.check(await session(`dtls${at}`));
          for (let number = 0; number < 300 && at % 3 !== 2; number += 1) {
            await rogue.send(at % 3 === 0 ? garbage(random) : fragment(random, number));
          }
        }),
      );
      for (const rogue of rogues) {
        // An alert or a flight for each datagram would be a reflector for whoever has a session.
        const bytes = rogue.received.reduce((sum, one) => sum + one.length, 0);
        expect(bytes).toBeLessThan(10_000);
        rogue.close();
      }
    });

    site.attack('TCP connections that are silent, cut short, or full of garbage', async () => {
      const sockets = Array.from({ length: 300 }, (_, at) => {
        const socket = connect(site.ports.rtcTcp, '127.0.0.1');
        socket.on('error', () => {});
        const starts = [
          Buffer.alloc(0),
          Buffer.from([0]),
          Buffer.from([0xff, 0xff, 1]),
          Buffer.from([0, 0]),
          Buffer.from([0, 100, 0, 1]),
          Buffer.concat([Buffer.from([0, 100]), random.bytes(100)]),
          random.bytes(2000),
        ];
        socket.write(starts[at % starts.length] ?? Buffer.alloc(0));
        return socket;
      });
      await Promise.all(
        sockets.map((socket) => (socket.closed ? undefined : once(socket.resume(), 'close'))),
      );
    });

    site.attack('hundreds of offers that nobody follows up', async () => {
      const statuses = await Promise.all(
        Array.from({ length: 300 }, async (_, at) => (await publish(`idle${at}`)).status),
      );
      expect(new Set(statuses)).toEqual(new Set([201, 429]));
      // They are forgotten in time, and the address has room again.
      expect((await admitted('after')).status).toBe(201);
      expect(site.log).toContain('have not connected yet');
    });

    site.attack('guesses at the resource of a session', async () => {
      const response = await admitted('owned');
      const location = response.headers.get('location') ?? '';
      const base = `http://127.0.0.1:${site.ports.api}`;
      for (let round = 0; round < 300; round += 1) {
        const guess = location.replace(/token=\w+/, `token=${random.below(1e9)}`);
        const method = ['DELETE', 'PATCH'][round % 2] ?? '';
        const headers = { 'content-type': 'application/trickle-ice-sdpfrag' };
        const { status } = await fetch(base + guess, { method, headers, body: '' });
        expect(status).toBe(403);
      }
      const check = await fetch(base + location.replace('/whip/', '/connectivity/'));
      expect(check.status).toBe(200);
      expect((await fetch(base + location, { method: 'DELETE' })).status).toBe(200);
    });
  });
}

/** Bytes that a demultiplexer takes for DTLS. */
function garbage(random: Random): Buffer {
  const bytes = random.bytes(13 + random.below(1200));
  bytes[0] = 20 + random.below(44);
  return bytes;
}

/** A fragment of a handshake message of 16 MB or 64 KB, of many messages at once. */
function fragment(random: Random, number: number): Buffer {
  const bytes = random.bytes(13 + 12 + 40);
  Buffer.from([22, 254, 253, 0, 0, 0, 0, 0, 0]).copy(bytes);
  bytes.writeUInt16BE(number, 9);
  bytes.writeUInt16BE(52, 11);
  bytes[13] = random.below(25);
  bytes.writeUIntBE(number % 2 === 0 ? 0xffffff : 0xffff, 14, 3);
  bytes.writeUInt16BE(random.below(12), 17);
  bytes.writeUIntBE(random.below(60_000), 19, 3);
  bytes.writeUIntBE(40, 22, 3);
  return bytes;
}
