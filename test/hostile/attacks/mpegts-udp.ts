import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect } from 'vitest';
import { Random } from '../support/random.ts';
import type { Site } from '../support/site.ts';

const PACKET = 188;
const MAP_PID = 0x30;
const VIDEO_PID = 0x100;

/** MPEG-2 CRC of a section, ISO/IEC 13818-1 Annex A. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) {
      value = (value << 1) ^ (value & 0x80000000 ? 0x04c11db7 : 0);
    }
  }
  return value >>> 0;
}

/** One TS packet. @param control  adaptation_field_control. */
function packet(pid: number, at: number, payload: Uint8Array, start = false, control = 1): Buffer {
  const bytes = Buffer.alloc(PACKET, 0xff);
  bytes[0] = 0x47;
  bytes.writeUInt16BE((start ? 0x4000 : 0) | pid, 1);
  bytes[3] = (control << 4) | (at & 15);
  bytes.set(payload.subarray(0, PACKET - 4), 4);
  return bytes;
}

function section(pid: number, at: number, body: readonly number[]): Buffer {
  const bytes = Buffer.alloc(body.length + 4);
  bytes.set(body);
  bytes.writeUInt32BE(crc(bytes.subarray(0, body.length)), body.length);
  return packet(pid, at, Buffer.concat([Buffer.from([0]), bytes]), true);
}

const pat = (at: number, pid: number, version = 0) =>
  section(0, at, [
    0,
    0xb0,
    13,
    0,
    1,
    0xc1 | (version << 1),
    0,
    0,
    0,
    1,
    0xe0 | (pid >> 8),
    pid & 255,
  ]);

const pmt = (at: number, pid: number, type: number, version = 0) =>
  section(pid, at, [
    ...[2, 0xb0, 18, 0, 1, 0xc1 | (version << 1), 0, 0],
    ...[0xe1, 0, 0xf0, 0, type, 0xe1, 0, 0xf0, 0],
  ]);

/** A PES packet of video of unbounded length begins; no other follows. */
const pesStart = Buffer.from('000001e0000080800521000100010000000165', 'hex');

export function mpegtsUdp(site: Site): void {
  /** Sends datagrams from one socket, whose they are until the port has been silent. @return the log of it. */
  const send = async (datagrams: Iterable<Buffer>) => {
    const from = site.server.stdout.length;
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let sent = 0;
    for (const datagram of datagrams) {
      socket.send(datagram, site.ports.mpegts, '127.0.0.1');
      sent += 1;
      // A pace at which the kernel need not drop what is to be read.
      if (sent % 20 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    await site.server.line(/client disconnect peer.*nothing came.*recv=\d+B, send=0B/, from);
    socket.close();
    return site.server.stdout.slice(from);
  };

  describe('MPEG-TS over UDP', () => {
    site.attack('datagrams of garbage, with and without sync bytes', async () => {
      const log = await send(garbage());
      expect(log).toContain('MPEG-TS sync byte is missing');
    });

    site.attack('tables that change with each packet', async () => {
      await send(churn());
    });

    site.attack('a PES packet without end', async () => {
      const log = await send(endlessPes());
      expect(log).toContain('(PES packet');
    });

    site.attack('adaptation fields and sections that are longer than their packet', async () => {
      const log = await send(tooLong());
      expect(log).toContain('MPEG-TS adaptation field is longer than its packet');
    });
  });
}

function* garbage(): Generator<Buffer> {
  const random = new Random(11);
  for (let at = 0; at < 3000; at += 1) {
    const bytes = Buffer.from(random.bytes(1 + random.below(1500)));
    if (at % 2 === 0) {
      for (let sync = 0; sync < bytes.length; sync += PACKET) {
        bytes[sync] = 0x47;
      }
    }
    yield bytes;
  }
}

function* churn(): Generator<Buffer> {
  for (let at = 0; at < 6000; at += 1) {
    const pid = 0x20 + ((at * 7) % 0x1f00);
    yield Buffer.concat([
      pat(at, pid, at % 32),
      pmt(at, pid, [0x1b, 0x24, 0x02, 0x0f][at % 4] ?? 0, at % 32),
      packet(VIDEO_PID, at, pesStart, true),
    ]);
  }
}

/** 9 MB, more than twice of what a PES packet may have. */
function* endlessPes(): Generator<Buffer> {
  const filler = Buffer.alloc(PACKET - 4, 0x22);
  const start = packet(VIDEO_PID, 0, pesStart, true);
  yield Buffer.concat([pat(0, MAP_PID), pmt(0, MAP_PID, 0x1b), start]);
  for (let at = 1; at < 48 * 1024; at += 7) {
    yield Buffer.concat(Array.from({ length: 7 }, (_, i) => packet(VIDEO_PID, at + i, filler)));
  }
}

function* tooLong(): Generator<Buffer> {
  const random = new Random(12);
  yield Buffer.concat([pat(0, MAP_PID), pmt(0, MAP_PID, 0x1b)]);
  for (let at = 1; at < 4000; at += 1) {
    const field = Buffer.from(random.bytes(PACKET - 4));
    field[0] = 183 + random.below(73);
    const table = Buffer.from([0, at % 2 ? 2 : 0, 0xbf, 0xff, ...random.bytes(100)]);
    yield Buffer.concat([
      packet(VIDEO_PID, at, field, false, 3),
      packet(at % 2 ? MAP_PID : 0, at, table, true),
      packet(at % 0x1fff, at, random.bytes(184), true),
    ]);
  }
}
