import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFromObject, createServer, type Server } from '../../src/index.ts';
import { MemorySink } from '../fakes/memory-sink.ts';
import type { Arrival } from '../support/arrivals.ts';
import { clip, FPS } from '../support/clips.ts';
import { isSequenceHeader, readFlv, TagType } from '../support/flv.ts';
import { expectRun } from '../support/packets.ts';
import { type Peer, Peers } from '../support/peers.ts';

/** How long JavaScript does nothing else. */
const BLOCKED_MS = 2000;
/** How long each viewer views: the block is in the middle. */
const SECONDS = 6;

const peers = new Peers();
const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
let server: Server;

beforeAll(async () => {
  clip('h264-aac.flv');
  const anyPort = [{ address: '127.0.0.1', port: 0 }];
  const config = configFromObject({
    rtmp: { listen: anyPort },
    httpServer: { enabled: true, listen: anyPort, dir: folder },
    rtcServer: { enabled: true, listen: anyPort, candidate: '127.0.0.1' },
    vhosts: {
      __defaultVhost__: {
        httpRemux: { enabled: true },
        rtc: { enabled: true, rtmpToRtc: true, keepBframe: true },
        hls: { enabled: true, fragmentMs: 1000, windowMs: 20_000, path: folder },
      },
    },
  });
  server = createServer(config, { log: new MemorySink() });
  await server.start();
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const port = (wanted: string) =>
  server.ports.find(({ purpose }) => purpose === wanted)?.endpoint.port ?? 0;

async function arrivalsOf(viewer: Peer): Promise<readonly Arrival[]> {
  const lines = (await viewer.output()).trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '[]') as Arrival[];
}

describe('while the main thread is blocked', () => {
  it('viewers of RTMP, HTTP-FLV, WHEP and HLS get every frame, in time', async () => {
    const file = clip('h264-aac.flv');
    const published = once(server, 'publish');
    const publisher = peers.publish(file, `rtmp://127.0.0.1:${port('rtmp')}/live/busy`);
    await published;
    const http = `http://127.0.0.1:${port('http')}/live/busy`;
    const frames = String(SECONDS * FPS);
    const viewers = {
      rtmp: peers.arrivals('rtmp', String(port('rtmp')), 'busy', frames),
      flv: peers.arrivals('flv', `${http}.flv`, frames),
      whep: peers.arrivals(
        'whep',
        `http://127.0.0.1:${port('http')}/rtc/v1/whep/?app=live&stream=busy`,
        frames,
      ),
      hls: peers.arrivals('hls', `${http}.m3u8`, String(SECONDS)),
    };
    await Promise.all(Object.values(viewers).map(({ begun }) => begun));

    const from = Date.now();
    while (Date.now() - from < BLOCKED_MS) {}
    const to = Date.now();

    const [rtmp, flv, whep, hls] = await Promise.all(Object.values(viewers).map(arrivalsOf));
    await publisher.stop();
    const sent = readFlv(file)
      .filter((tag) => tag.type === TagType.video && !isSequenceHeader(tag))
      .map(({ body }) => createHash('md5').update(body).digest('hex'));
    const during = (arrivals: readonly Arrival[] = []) =>
      arrivals.filter(({ at }) => at >= from && at <= to).length;
    for (const arrivals of [rtmp, flv]) {
      expect(arrivals?.length).toBeGreaterThanOrEqual(SECONDS * FPS);
      expectRun(arrivals?.map(({ hash }) => hash) ?? [], sent);
      // Of the two seconds' frames most come within them: what came later would have waited for JavaScript.
      expect(during(arrivals)).toBeGreaterThan((BLOCKED_MS / 1000) * FPS * 0.6);
    }
    expect(whep?.length).toBeGreaterThanOrEqual(SECONDS * FPS);
    expect(during(whep)).toBeGreaterThan((BLOCKED_MS / 1000) * FPS * 0.6);
    expect(hls?.length).toBeGreaterThanOrEqual(SECONDS);
    expect(during(hls)).toBeGreaterThanOrEqual(1);
  }, 60_000);
});
