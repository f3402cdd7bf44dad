import { describe, expect, it, vi } from 'vitest';
import { MemorySink } from '../../test/fakes/memory-sink.ts';
import { configFromObject } from '../config/from-object.ts';
import { DEFAULT_VHOST } from '../config/millrace-config.ts';
import { Log } from '../log/logger.ts';
import { streamUrl } from '../streams/stream-key.ts';
import { PithyLines } from './pithy-lines.ts';
import { Statistics } from './statistics.ts';

function setUp(pithyPrintMs = 10_000) {
  const sink = new MemorySink();
  const log = new Log({ sink, level: 'info', utc: true, pid: 42 });
  let nowMs = 1000;
  const statistics = new Statistics('service1', () => nowMs);
  const lines = new PithyLines({
    config: () => configFromObject({ process: { pithyPrintMs } }),
    statistics,
    machine: () => ({ ok: true, processCpu: 0.125 }),
    connections: () => statistics.clients.size,
    log,
    ownLog: log.context('server00'),
  });
  const begin = (id: number, cid: string, publishes: boolean, protocol: string) => {
    const key = { vhost: DEFAULT_VHOST, app: 'live', stream: 'a' };
    statistics.begin({ id, cid }, publishes, {
      ...{ key, streamUrl: streamUrl(key), protocol, type: 'x', name: 'a', ip: '192.0.2.1' },
      ...{ tcUrl: '', pageUrl: '', swfUrl: '' },
    });
  };
  /** What was written since the last time, without what stands before the context id. */
  const written = (): string[] => {
    lines.write();
    return sink.lines.splice(0).map((line) => line.replace(/^.*?\[42\]/, '').trimEnd());
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { statistics, lines, sink, begin, written, pass };
}

describe('periodic lines', () => {
  it('are none while nobody is there', () => {
    expect(setUp().written()).toEqual([]);
  });

  it('are one for each kind of client, and one about the server', () => {
    const { begin, written, pass } = setUp();
    begin(1, 'publish0', true, 'rtmp');
    begin(2, 'player00', false, 'rtmp');
    begin(3, 'viewer00', false, 'http_flv');
    pass(5000);
    const [publisher, player, viewer, server, ...more] = written();
    expect(more).toEqual([]);
    expect(publisher).toBe(
      '[publish0] <- CPB time=5000, okbps=0,0,0, ikbps=0,0,0, mr=0/350, p1stpt=20000, pnt=5000, url=/live/a, clients=1',
    );
    expect(player).toBe(
      '[player00] -> PLA time=5000, okbps=0,0,0, ikbps=0,0,0, mw=8/350, queue=0, url=/live/a, clients=1',
    );
    expect(viewer).toMatch(/^\[viewer00\] -> HTS time=5000, /);
    expect(server).toMatch(
      /^\[server00\] Hybrid cpu=12\.50%,\d+MB, conns=3, streams=1, rtmp_publish=1, rtmp_play=1, http_flv_play=1$/,
    );
  });

  it('are about one client after the other', () => {
    const { begin, statistics, written } = setUp();
    for (const [id, cid] of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'].entries()) {
      begin(id + 1, cid, false, 'srt');
    }
    const next = () => /^\[(\w+)\] -> SRT_PLA /.exec(written()[0] ?? '')?.[1];
    expect([next(), next(), next(), next()]).toEqual([
      'aaaaaaaa',
      'bbbbbbbb',
      'cccccccc',
      'aaaaaaaa',
    ]);
    statistics.end(1);
    expect([next(), next()]).toEqual(['bbbbbbbb', 'cccccccc']);
  });

  it('come every pithy_print_ms, until they are stopped', () => {
    vi.useFakeTimers();
    try {
      const { begin, lines, sink } = setUp(3000);
      begin(1, 'publish0', true, 'rtmp');
      lines.start();
      vi.advanceTimersByTime(9100);
      expect(sink.with('CPB')).toHaveLength(3);
      lines.stop();
      vi.advanceTimersByTime(9000);
      expect(sink.with('CPB')).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });
});
