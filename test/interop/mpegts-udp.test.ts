import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { expectRun, ofKind, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const SECONDS = 4;
const NAME = 'h264-bframes-aac.flv';
// RFC 2365: for use within one site. RFC 4607: source-specific multicast.
const GROUP = '239.255.77.1';
const SSM_GROUP = '232.1.77.1';
const peers = new Peers();
let server: MediaServer;

const caster = (name: string, listen: string, more = '') => `stream_caster {
  enabled on; caster mpegts_over_udp; listen ${listen};
  output rtmp://127.0.0.1/live/${name}; ${more}
}`;

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  server = await MediaServer.start({
    root: [
      caster('udp', '127.0.0.1:0'),
      caster('group', `${GROUP}:0`, 'interface lo;'),
      caster('ssm', `${SSM_GROUP}:0`, 'interface lo; senders 127.0.0.2;'),
      caster('filtered', '127.0.0.1:0', 'senders 127.0.0.2;'),
    ].join('\n'),
    vhost: 'publish { normal_timeout 1000; }',
  });
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

/** A sender at one of the addresses that the loopback interface has. */
async function senderAt(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  socket.setMulticastInterface(address);
  socket.setMulticastLoopback(true);
  return socket;
}

/** Sends the clip in real time from such a sender: FFmpeg does not choose the interface of a group. */
async function publishFrom(sender: Socket, to: string, port: number) {
  const entry = createSocket('udp4');
  entry.bind(0, '127.0.0.1');
  await once(entry, 'listening');
  entry.on('message', (datagram) => sender.send(datagram, port, to));
  const args = ['-v', 'error', '-nostdin', '-re', '-i', clip(NAME), '-c', 'copy', '-f', 'mpegts'];
  const url = `udp://127.0.0.1:${entry.address().port}?pkt_size=1316`;
  const encoder = peers.run('ffmpeg', [...args, url]);
  return {
    stop: async () => {
      await encoder.stop();
      entry.close();
      sender.close();
    },
  };
}

/** Plays a stream for some seconds, and checks that its audio is that of the clip, without a gap. */
async function expectTheClip(stream: string) {
  const received = watched(await peers.watch(server.rtmp(`live/${stream}`), SECONDS).output());
  expect(ofKind(received, 'video').length).toBeGreaterThan(SECONDS * 25 - 10);
  expectRun(
    ofKind(received, 'audio').map(({ hash }) => hash),
    ofKind(packetsOf(clip(NAME)), 'audio').map(({ hash }) => hash),
  );
}

/** Whether the kernel itself lets only this source of a group in: it writes addresses in hexadecimal. */
function kernelTakesOnly(group: string, source: string): boolean {
  const hex = (address: string) =>
    `0x${address
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')}`;
  const lines = readFileSync('/proc/net/mcfilter', 'utf8').split('\n');
  return lines.some((line) => line.includes(hex(group)) && line.includes(hex(source)));
}

describe('MPEG-TS over UDP', () => {
  it.concurrent('of a multicast group is published', async () => {
    const port = server.port('mpegts', 1);
    const publisher = await publishFrom(await senderAt('127.0.0.1'), GROUP, port);
    await server.published('/live/group');
    await expectTheClip('group');
    await publisher.stop();
    await server.line(/cleanup when unpublish, url=\/live\/group/);
  });

  it.concurrent('of a multicast group is taken from the named senders alone', async () => {
    expect(kernelTakesOnly(SSM_GROUP, '127.0.0.2')).toBe(true);
    const port = server.port('mpegts', 2);
    const other = await publishFrom(await senderAt('127.0.0.3'), SSM_GROUP, port);
    const publisher = await publishFrom(await senderAt('127.0.0.2'), SSM_GROUP, port);
    const [line] = await server.line(/client identified.*stream=ssm,.*\n/);
    await expectTheClip('ssm');
    await Promise.all([other.stop(), publisher.stop()]);
    expect(line).toContain('publish');
    expect(server.log).toContain('ip=127.0.0.2');
    expect(server.log).not.toContain('ip=127.0.0.3');
  });

  it.concurrent('is taken from the named senders alone, and after a silence from another of them', async () => {
    const port = server.port('mpegts', 3);
    const stranger = await publishFrom(await senderAt('127.0.0.1'), '127.0.0.1', port);
    const first = await publishFrom(await senderAt('127.0.0.2'), '127.0.0.1', port);
    await server.published('/live/filtered');
    await expectTheClip('filtered');
    const seen = server.log.length;
    await first.stop();
    await server.line(/cleanup when unpublish, url=\/live\/filtered/, seen);
    // The stranger has been sending all the time.
    const second = await publishFrom(await senderAt('127.0.0.2'), '127.0.0.1', port);
    await server.published('/live/filtered', seen);
    await Promise.all([stranger.stop(), second.stop()]);
  });

  it('is published, played by RTMP, and ends when it is silent', async () => {
    const name = NAME;
    const url = `udp://127.0.0.1:${server.port('mpegts')}?pkt_size=1316`;
    const args = ['-v', 'error', '-nostdin', '-re', '-i', clip(name), '-c', 'copy'];
    const publisher = peers.run('ffmpeg', [...args, '-f', 'mpegts', url]);
    await server.published('/live/udp');
    // What another sender says meanwhile is not heard.
    const other = createSocket('udp4');
    other.send(Buffer.alloc(1316, 0x47), server.port('mpegts'), '127.0.0.1', () => other.close());
    const received = watched(await peers.watch(server.rtmp('live/udp'), SECONDS).output());
    await publisher.stop();
    expect(received.tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264']);
    expect(ofKind(received, 'video').length).toBeGreaterThan(SECONDS * 25 - 10);
    expectRun(
      ofKind(received, 'audio').map(({ hash }) => hash),
      ofKind(packetsOf(clip(name)), 'audio').map(({ hash }) => hash),
    );
    await server.line(/cleanup when unpublish, url=\/live\/udp/);
  });
});
