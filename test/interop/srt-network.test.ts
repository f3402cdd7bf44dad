import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { LossyLink } from '../support/lossy-link.ts';
import { MediaServer } from '../support/media-server.ts';
import { nalHashes } from '../support/nal-hashes.ts';
import { expectRun } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const SECONDS = 6;
const NAME = 'h264-bframes-aac.flv';
const PASSPHRASE = 'correct-horse-battery';
const peers = new Peers();
let server: MediaServer;

beforeAll(async () => {
  clip(NAME);
  server = await MediaServer.start({
    root: `exporter { enabled on; listen 127.0.0.1:0; } srt_server {
      enabled on; listen 127.0.0.1:0; latency 1000; peerlatency 1000; passphrase ${PASSPHRASE};
    }`,
    vhost: 'srt { enabled on; }',
  });
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

const urlAt = (port: number, stream: string, mode: string) =>
  `srt://127.0.0.1:${port}?passphrase=${PASSPHRASE}&streamid=#!::r=live/${stream},m=${mode}`;

/** Waits until the API tells of the losses of a client and of what was done about them. */
async function expectNetwork(type: string, packets: 'packets_in' | 'packets_out') {
  const network = async () => {
    const answer = await fetch(server.api('/api/v1/clients/'));
    const { clients } = (await answer.json()) as {
      clients: { type: string; transport?: Record<string, number> }[];
    };
    return clients.find((client) => client.type === type)?.transport ?? {};
  };
  const more = (than: number) => expect.toSatisfy((value) => value > than);
  await expect.poll(network, { timeout: 15_000, interval: 250 }).toMatchObject({
    // There and back at 60 ms each at least, and no longer than jitter and the kernel make it.
    rtt_ms: expect.toSatisfy((value) => value > 100 && value < 1000),
    [packets]: more(20),
    packets_lost: more(0),
    packets_resent: more(0),
    loss_percent: more(0),
    latency_ms: 1000,
    buffer_ms: more(0),
    bandwidth_kbps: more(0),
  });
  const metrics = await (await fetch(server.api('/metrics'))).text();
  expect(metrics).toMatch(
    new RegExp(
      `^millrace_transport_rtt_seconds\\{protocol="srt",action="${type.slice(4)}",quantile="1"\\} 0\\.\\d`,
      'm',
    ),
  );
}

describe('SRT over a bad network', () => {
  it('loses 5 % and jitters by 50 ms, encrypted, and every frame arrives', async () => {
    const link = await LossyLink.open(server.port('srt'), {
      loss: 0.05,
      delayMs: 60,
      jitterMs: 50,
    });
    try {
      const args = ['-v', 'error', '-nostdin', '-re', '-i', clip(NAME), '-c', 'copy'];
      const publisher = peers.run('ffmpeg', [
        ...args,
        ...['-f', 'mpegts', `${urlAt(link.port, 'bad', 'publish')}&latency=1000000`],
      ]);
      await server.published('/live/bad');
      const file = join(server.place.folder, 'bad.ts');
      const input = `${urlAt(link.port, 'bad', 'request')}&latency=1000000`;
      const received = ['-v', 'error', '-nostdin', '-i', input, '-t', `${SECONDS}`, '-c', 'copy'];
      const player = peers.run('ffmpeg', [...received, '-f', 'mpegts', '-y', file]);
      await expectNetwork('srt-publish', 'packets_in');
      await expectNetwork('srt-play', 'packets_out');
      await player.output();
      await publisher.stop();
      const got = nalHashes(file, 'h264');
      expect(got.length).toBeGreaterThan(SECONDS * 25 - 10);
      expectRun(got, nalHashes(clip(NAME), 'h264'));
      expect(link.lost).toBeGreaterThan(10);
      expect(server.log).not.toContain('TS_CONTINUITY_GAP');
    } finally {
      link.close();
    }
  });

  it('warns of a latency that is too low for it', async () => {
    const link = await LossyLink.open(server.port('srt'), { loss: 0, delayMs: 400, jitterMs: 0 });
    try {
      const args = ['-v', 'error', '-nostdin', '-re', '-i', clip(NAME), '-c', 'copy'];
      peers.run('ffmpeg', [...args, '-f', 'mpegts', urlAt(link.port, 'far', 'publish')]);
      await server.line(/SRT latency is below three round-trip times/);
    } finally {
      link.close();
    }
  });
});
