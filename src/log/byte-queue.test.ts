import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ByteQueue } from './byte-queue.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A pipe that nobody reads until the test does. */
function pipe(): { fd: number; readAll: () => string } {
  const path = join(folder, 'pipe');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  // Open for both, so that it is there without another process.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(1024 * 1024);
  const readAll = (): string => {
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, null));
    } catch {
      return '';
    }
  };
  return { fd, readAll };
}

describe('ByteQueue', () => {
  it('writes lines in their order', async () => {
    const path = join(folder, 'log');
    const queue = new ByteQueue(openSync(path, 'a'), closeSync);
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`);
    for (const line of lines) {
      queue.push(line);
    }
    await queue.close(5000);
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  });

  it('writes on where it is redirected, and lets the old file go', async () => {
    const released: number[] = [];
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    const fd = openSync(first, 'a');
    const queue = new ByteQueue(fd, (old) => {
      released.push(old);
      closeSync(old);
    });
    queue.push('before\n');
    queue.redirect(openSync(second, 'a'));
    queue.push('after\n');
    await queue.close(5000);
    expect(released[0]).toBe(fd);
    expect(released).toHaveLength(2);
    expect(readFileSync(first, 'utf8') + readFileSync(second, 'utf8')).toBe('before\nafter\n');
  });

  it('drops and counts what a reader that stopped does not take, and goes on with it', async () => {
    const { fd, readAll } = pipe();
    const queue = new ByteQueue(fd, closeSync);
    const line = `${'x'.repeat(1023)}\n`;
    for (let count = 0; count < 10_000; count += 1) {
      queue.push(line);
    }
    let text = '';
    await vi.waitFor(
      () => {
        text += readAll();
        // No match of the text itself: a failure would print megabytes.
        expect(text.includes(' log lines dropped')).toBe(true);
      },
      { timeout: 60_000, interval: 5 },
    );
    const dropped = Number(/(\d+) log lines dropped/.exec(text)?.[1]);
    const written = text.match(/x+\n/g)?.length ?? 0;
    expect(dropped + written).toBeGreaterThanOrEqual(10_000 - 4096);
    expect(dropped).toBeGreaterThan(5000);
    await queue.close(100);
  }, 70_000);

  it('closes in time although nobody reads', async () => {
    const queue = new ByteQueue(pipe().fd, closeSync);
    for (let count = 0; count < 100; count += 1) {
      queue.push('x'.repeat(8000));
    }
    const begun = performance.now();
    await queue.close(200);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('writes the last words at once', () => {
    const path = join(folder, 'log');
    const queue = new ByteQueue(openSync(path, 'a'), closeSync);
    queue.push('first\n');
    queue.push('last\n');
    queue.flushSync();
    expect(readFileSync(path, 'utf8')).toContain('last\n');
  });
});
