import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemorySink } from '../../test/fakes/memory-sink.ts';
import { Log } from './logger.ts';
import { RepeatedLines } from './repeated-lines.ts';

function setUp(linesPerSecond: number) {
  const sink = new MemorySink();
  const log = new Log({ sink, level: 'info', utc: true, pid: 1 }).context('cid00001');
  return { sink, log, repeated: new RepeatedLines(log, linesPerSecond) };
}

describe('RepeatedLines', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes the first lines of a kind and counts the others once a second', () => {
    const { sink, log, repeated } = setUp(2);
    for (let count = 0; count < 10; count += 1) {
      repeated.write(log, 'warn', 'kind', `line ${count}`);
    }
    expect(sink.lines).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    expect(sink.lines).toHaveLength(3);
    expect(sink.lines[2]).toContain('repeated 8 times in a second, last: line 9');
    repeated.write(log, 'warn', 'kind', 'again');
    expect(sink.lines).toHaveLength(4);
  });

  it('says nothing more when nothing was held back', () => {
    const { sink, log, repeated } = setUp(2);
    repeated.write(log, 'warn', 'kind', 'once');
    vi.advanceTimersByTime(5000);
    expect(sink.lines).toHaveLength(1);
  });

  it('bounds what a flood of new kinds costs', () => {
    const { sink, log, repeated } = setUp(1);
    for (let count = 0; count < 100_000; count += 1) {
      repeated.write(log, 'warn', `address ${count}`, 'refused');
    }
    vi.advanceTimersByTime(1000);
    expect(sink.lines.length).toBeLessThan(1100);
    expect(sink.with('repeated')).toHaveLength(1);
  });
});
