import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { freePort, Playground } from '../support/launched-server.ts';
import { ClipPublisher } from '../support/rtmp/clip-publisher.ts';
import { RtmpPeer } from '../support/rtmp/rtmp-peer.ts';
import { deafPlayer, flvRequest, rtmpPlayBytes } from './support/deaf-players.ts';
import { takenBy } from './support/procfs.ts';
import { cutAll, dialMany, type RawPeer } from './support/raw-peer.ts';
import { Site, type SiteOptions, sanitizerEnvironment } from './support/site.ts';

let site: Site | undefined;

afterEach(async () => {
  await site?.stop();
  site = undefined;
}, 30_000);

async function started(options: SiteOptions = {}): Promise<Site> {
  site = new Site(options);
  await site.start();
  return site;
}

/** Changes a soft limit of a running process. */
function limit(pid: number, option: string, value: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--${option}=${value}:`]);
}

/** Segment files of the good stream that are there, with their sizes. */
function segments(folder: string): readonly { file: string; bytes: number; mtimeMs: number }[] {
  const of = join(folder, 'hls/live');
  return readdirSync(of)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, ...pick(statSync(join(of, name))) }))
    .map(({ name, size, mtimeMs }) => ({ file: join(of, name), bytes: size, mtimeMs }));
}
const pick = ({ size, mtimeMs }: { size: number; mtimeMs: number }) => ({ size, mtimeMs });

/** Peers of every kind, that read or not, in the middle of what they do. */
async function crowd(at: Site, count: number): Promise<RawPeer[]> {
  const { rtmp, http, https, rtmps } = at.ports;
  const players = Array.from({ length: count }, (_, index) => {
    const port = [rtmp, rtmps, http, https][index % 4] ?? rtmp;
    const ask = index % 4 < 2 ? rtmpPlayBytes('good') : flvRequest('good');
    return deafPlayer(port, ask, { tls: index % 2 === 1 });
  });
  return [...(await Promise.all(players)), ...(await dialMany(count, rtmp))];
}

describe('out of descriptors', () => {
  it('accepts again within a second, is idle meanwhile, and says so once a second', async () => {
    const here = await started();
    await here.survives(async () => {
      const logBefore = here.log.length;
      limit(here.pid, 'nofile', takenBy(here.pid).descriptors + 20);
      const peers = await dialMany(200, here.ports.rtmp);
      const more = await dialMany(100, here.ports.http);
      await delay(500);
      const before = takenBy(here.pid).cpuMs;
      await delay(3000);
      expect(takenBy(here.pid).cpuMs - before).toBeLessThan(1500);
      for (const who of ['rtmp', 'http']) {
        const lines =
          here.log
            .slice(logBefore)
            .match(new RegExp(` ${who}: .*no file descriptor is left`, 'g')) ?? [];
        expect(lines.length, who).toBeGreaterThan(0);
        expect(lines.length, who).toBeLessThanOrEqual(5);
      }
      await cutAll([...peers, ...more]);
      const freed = performance.now();
      const fresh = await RtmpPeer.connect(here.ports.rtmp);
      expect(performance.now() - freed).toBeLessThan(1000);
      await fresh.close();
      limit(here.pid, 'nofile', 20_000);
    });
  }, 60_000);
});

describe('disk full', () => {
  it('costs viewers nothing, one line a minute, and files come back when there is room', async () => {
    const here = await started();
    await expect.poll(() => segments(here.folder).length, { timeout: 15_000 }).toBeGreaterThan(1);
    await here.survives(async () => {
      const logBefore = here.log.length;
      // As a full disk does, the limit fails the write in the middle of a file; it needs no privilege.
      limit(here.pid, 'fsize', 4096);
      const full = Date.now();
      await delay(6000);
      expect(segments(here.folder).filter(({ mtimeMs }) => mtimeMs > full + 1500)).toEqual([]);
      const lines = here.log.slice(logBefore).match(/\[(WARN|ERROR)\].*hls/gi) ?? [];
      expect(lines.length, lines.join('\n')).toBe(1);
      limit(here.pid, 'fsize', 'unlimited');
      const room = Date.now();
      await expect
        .poll(() => segments(here.folder).filter(({ mtimeMs }) => mtimeMs > room).length, {
          timeout: 10_000,
        })
        .toBeGreaterThan(0);
    });
    // No file is cut: each is whole packets.
    for (const { file, bytes } of segments(here.folder)) {
      expect(bytes % 188, file).toBe(0);
    }
  }, 60_000);
});

describe('signals under load', () => {
  it('SIGHUP 100 times, with good and bad configurations: no stream is cut, nothing grows', async () => {
    const here = await started();
    await here.survives(async () => {
      const peers = await crowd(here, 40);
      const changes = [
        '',
        'heartbeat { enabled on; }',
        'nonsense on;',
        'vhost x { } vhost x { }',
        '}}}',
        '',
      ];
      for (let count = 0; count < 100; count += 1) {
        here.configure(changes[count % changes.length]);
        here.server.signal('SIGHUP');
        await delay(50);
      }
      await cutAll(peers);
    });
    expect(here.log).toMatch(/reload \w+ done/);
    expect(here.log).toMatch(/reload \w+ failed, nothing has changed/);
  }, 60_000);

  it.each<[NodeJS.Signals]>([['SIGTERM'], ['SIGQUIT']])(
    '%s ends with 0 in time',
    async (signal) => {
      const here = await started({ millrace: 'graceful_quit_limit_ms 2000;' });
      const peers = await crowd(here, 100);
      const began = performance.now();
      here.server.signal(signal);
      expect(await here.server.exit()).toBe(0);
      // SIGQUIT: the waits of SRS before and after (2.3 s and 3.2 s), and the limit.
      expect(performance.now() - began).toBeLessThan(signal === 'SIGTERM' ? 3000 : 10_000);
      for (const peer of peers) {
        peer.socket.resume();
      }
      await Promise.all(peers.map((peer) => peer.closedWithin(3000)));
    },
    60_000,
  );
});

describe('kill -9', () => {
  it('the next start is up soon, publishers are back, and what was written is whole', async () => {
    const place = new Playground();
    try {
      const [rtmp, http] = [await freePort(), await freePort()];
      const config = place.write(
        'test.conf',
        `daemon off; srs_log_tank console; listen 127.0.0.1:${rtmp};
         http_server { enabled on; listen 127.0.0.1:${http}; dir ./html; }
         vhost __defaultVhost__ { hls { enabled on; hls_path ./hls; hls_fragment 1; hls_window 10; } }`,
      );
      clip('h264-aac.flv');
      const run = async () => {
        const server = place.launchWith(sanitizerEnvironment(), '-c', config);
        await server.output('listen at tcp://');
        await server.line(/http listen at tcp:/);
        return server;
      };
      const first = await run();
      const publisher = await ClipPublisher.start(rtmp, 'good', 'h264-aac.flv', { burstMs: 6000 });
      await expect
        .poll(() => segments(place.folder).length, { timeout: 15_000 })
        .toBeGreaterThan(3);
      await first.kill();
      await publisher.close();
      const killed = performance.now();
      const written = segments(place.folder).length;
      await run();
      const again = await ClipPublisher.start(rtmp, 'good', 'h264-aac.flv', { burstMs: 3000 });
      expect(performance.now() - killed).toBeLessThan(3000);
      await expect
        .poll(() => segments(place.folder).length, { timeout: 15_000 })
        .toBeGreaterThan(written);
      const list = readFileSync(join(place.folder, 'hls/live/good.m3u8'), 'latin1');
      expect(list).toContain('#EXT-X-DISCONTINUITY');
      for (const { file, bytes } of segments(place.folder)) {
        expect(bytes % 188, file).toBe(0);
      }
      await again.close();
    } finally {
      await place.clear();
    }
  }, 60_000);
});
