import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { aacHashes, nalHashes } from '../support/nal-hashes.ts';
import { expectRun } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const NAME = 'h264-bframes-aac.flv';
const PASSPHRASE = 'correct-horse-battery';
/** Four seconds of the clip, which is some 300 kb/s. */
const ENOUGH_BYTES = 180_000;
const peers = new Peers();
const servers: MediaServer[] = [];

async function start(more: string, vhost = ''): Promise<MediaServer> {
  const server = await MediaServer.start({
    root: `srt_server { enabled on; listen 127.0.0.1:0; ${more} }`,
    vhost: `srt { enabled on; } ${vhost}`,
  });
  servers.push(server);
  return server;
}

beforeAll(() => {
  clip(NAME);
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await Promise.all(servers.map((server) => server.stop()));
});

async function udpPort(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/**
 * Publishes with one srt-live-transmit, which is fed by UDP, and plays with another, which gives what it
 * gets to UDP. @return the transport stream that came out.
 */
async function throughTransmit(server: MediaServer, options: string): Promise<Buffer> {
  const place = await udpPort();
  const { port } = place.address();
  place.close();
  await once(place, 'close');
  const quiet = ['-q', '-ll', 'fatal', '-a', 'no', '-chunk', '1316'];
  peers.run('srt-live-transmit', [
    ...quiet,
    `udp://127.0.0.1:${port}`,
    `${server.srt('slt', 'publish')}${options}`,
  ]);
  const args = ['-v', 'error', '-nostdin', '-re', '-i', clip(NAME), '-c', 'copy'];
  const feed = ['-f', 'mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`];
  const encoder = peers.run('ffmpeg', [...args, ...feed]);
  await server.published('/live/slt');

  const sink = await udpPort();
  const pieces: Buffer[] = [];
  let bytes = 0;
  const enough = new Promise<void>((resolve) => {
    sink.on('message', (datagram) => {
      pieces.push(datagram);
      bytes += datagram.length;
      if (bytes > ENOUGH_BYTES) {
        resolve();
      }
    });
  });
  const player = peers.run('srt-live-transmit', [
    ...quiet,
    `${server.srt('slt', 'request')}${options}`,
    `udp://127.0.0.1:${sink.address().port}`,
  ]);
  await Promise.race([
    enough,
    player.done.then(({ stderr }) => Promise.reject(new Error(stderr))),
    encoder.done.then(({ stderr }) => Promise.reject(new Error(`the clip is over: ${stderr}`))),
  ]);
  sink.close();
  await player.stop();
  return Buffer.concat(pieces);
}

describe('srt-live-transmit publishes and plays', () => {
  for (const { how, options, config } of [
    { how: 'in the clear', options: '', config: '' },
    {
      how: 'encrypted with AES-128',
      options: `&passphrase=${PASSPHRASE}`,
      config: `passphrase ${PASSPHRASE};`,
    },
    {
      how: 'encrypted with AES-256',
      options: `&passphrase=${PASSPHRASE}&pbkeylen=32`,
      config: `passphrase ${PASSPHRASE}; pbkeylen 32;`,
    },
  ]) {
    it.concurrent(how, async () => {
      const server = await start(config);
      const file = join(server.place.folder, 'slt.ts');
      writeFileSync(file, await throughTransmit(server, options));
      expect(statSync(file).size % 188).toBe(0);
      // The last frame is not whole.
      const video = nalHashes(file, 'h264').slice(0, -1);
      expect(video.length).toBeGreaterThan(50);
      expectRun(video, nalHashes(clip(NAME), 'h264'));
      const audio = aacHashes(file).slice(0, -1);
      expect(audio.length).toBeGreaterThan(90);
      expectRun(audio, aacHashes(clip(NAME)));
    });
  }
});

describe('refusals', () => {
  it('are told to callers and written to the log with their reason', async () => {
    const server = await start(
      `passphrase ${PASSPHRASE};`,
      'security { enabled on; deny publish all; }',
    );
    const key = `&passphrase=${PASSPHRASE}`;
    const application = 'Application-defined rejection reason';
    for (const { url, says, log } of [
      {
        url: `${server.srt('a', 'request')}&passphrase=wrong-horse-battery`,
        says: 'Incorrect passphrase',
        log: /srt Incorrect passphrase: .*\(the SRT handshake failed\), detail=10, \d+ times, last ip=127\.0\.0\.1:\d+/,
      },
      {
        url: server.srt('a', 'request'),
        says: 'Password required or unexpected',
        log: /srt Password required or unexpected: .*\(the SRT handshake failed\), detail=11,/,
      },
      {
        url: `srt://127.0.0.1:${server.port('srt')}?streamid=#!::r=live/a,m=bidirectional${key}`,
        says: application,
        log: /SRT stream id asks for a mode that is not supported/,
      },
      {
        url: `srt://127.0.0.1:${server.port('srt')}?streamid=#!::m=request${key}`,
        says: application,
        log: /SRT stream id/,
      },
      {
        url: server.srt('a', 'publish') + key,
        says: application,
        log: /serve error code=1053\(SecurityDenied\)/,
      },
    ]) {
      const seen = server.log.length;
      const { status, stderr } = await peers.run('ffmpeg', [
        '-nostdin',
        '-i',
        url,
        '-f',
        'null',
        '-',
      ]).done;
      expect(status, url).not.toBe(0);
      expect(stderr).toContain(says);
      await server.line(log, seen);
    }
  });
});
