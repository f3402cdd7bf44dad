import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { expectRun, ofKind, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const SECONDS = 4;
const peers = new Peers();
let server: MediaServer;

const caster = (name: string, listen: string, more = '') => `stream_caster {
  enabled on; caster mpegts_over_udp; listen ${listen};
  output rtmp://127.0.0.1/live/${name}; ${more}
}`;

beforeAll(async () => {
  clip('h264-bframes-aac.flv');
  server = await MediaServer.start({
    root: caster('udp', '127.0.0.1:0'),
    vhost: 'publish { normal_timeout 1000; }',
  });
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

describe('MPEG-TS over UDP', () => {
  it('is published, played by RTMP, and ends when it is silent', async () => {
    const name = 'h264-bframes-aac.flv';
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
