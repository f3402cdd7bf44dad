import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemorySink } from '../../test/fakes/memory-sink.ts';
import { Log } from '../log/logger.ts';
import type { Trouble } from '../native/boundary/session.ts';
import { TroubleLines } from './trouble-lines.ts';

const trouble = (area: string, count: number): Trouble =>
  ({ type: 'trouble', area, code: 'OUT_OF_DESCRIPTORS', detail: 24, count }) as Trouble;

describe('TroubleLines', () => {
  const sink = new MemorySink();
  const log = new Log({ sink, level: 'info', utc: true, pid: 1 }).context('cid00001');

  beforeEach(() => {
    sink.lines.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes one line a second of a kind, with the sum of what was counted', () => {
    const lines = new TroubleLines();
    for (let second = 0; second < 3; second += 1) {
      for (let loop = 0; loop < 4; loop += 1) {
        lines.write(log, 'rtmp', trouble('rtmp', 10));
      }
      vi.advanceTimersByTime(1000);
    }
    expect(sink.lines.map((line) => /detail=24, (\d+) times/.exec(line)?.[1])).toEqual([
      '10',
      '30',
      '40',
      '40',
    ]);
  });

  it('names the address of the last one', () => {
    const lines = new TroubleLines();
    lines.write(log, 'srt', { ...trouble('srt', 1), ip: '192.0.2.1', port: 7001 });
    lines.write(log, 'srt', { ...trouble('srt', 1), ip: '192.0.2.2', port: 7002 });
    lines.write(log, 'srt', { ...trouble('srt', 1), ip: '192.0.2.3', port: 7003 });
    vi.advanceTimersByTime(1000);
    expect(sink.lines.map((line) => /\d+ times.*/.exec(line)?.[0])).toEqual([
      '1 times, last ip=192.0.2.1:7001',
      '2 times, last ip=192.0.2.3:7003',
    ]);
  });

  it('tells kinds apart, and begins anew after a quiet second', () => {
    const lines = new TroubleLines();
    lines.write(log, 'rtmp', trouble('rtmp', 1));
    lines.write(log, 'http', trouble('http', 2));
    vi.advanceTimersByTime(2000);
    lines.write(log, 'rtmp', trouble('rtmp', 3));
    expect(sink.lines).toHaveLength(3);
  });

  it('bounds what a flood of new kinds costs', () => {
    const lines = new TroubleLines();
    for (let kind = 0; kind < 3000; kind += 1) {
      lines.write(log, `kind ${kind}`, trouble('rtmp', 1));
    }
    expect(sink.lines).toHaveLength(1024);
  });
});
