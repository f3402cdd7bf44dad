import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeliveryQueue } from './delivery-queue.ts';

let queue: DeliveryQueue;
let told: string[];
let failures: string[];

beforeEach(() => {
  vi.useFakeTimers();
  queue = new DeliveryQueue(4);
  told = [];
  failures = [];
});
afterEach(() => vi.useRealTimers());

/** @param attempts  what each attempt leads to: nothing is told, a text is the error. */
function add(name: string, about: readonly string[], ...attempts: readonly (string | undefined)[]) {
  let at = 0;
  return queue.add({
    about,
    tell: async () => {
      const error = attempts[at];
      at += 1;
      if (error !== undefined) {
        throw new Error(error);
      }
      told.push(name);
    },
    retries: (error) => ((error as Error).message === 'down' ? 3 : 0),
    failed: (error) => failures.push(`${name} ${(error as Error).message}`),
  });
}

describe('what is told', () => {
  it('comes in order where it is about the same, and does not wait for others', async () => {
    add('first', ['stream a'], 'down', undefined);
    add('second', ['stream a', 'client 1']);
    add('third', ['client 1']);
    add('other', ['stream b']);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['other']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual(['other', 'first', 'second', 'third']);
    expect(queue.pending).toBe(0);
  });

  it('is tried again with pauses that grow, and given up', async () => {
    add('it', ['a'], 'down', 'down', 'down', 'down');
    add('next', ['a']);
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 3999);
    expect(failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(failures).toEqual(['it down']);
    expect(told).toEqual(['next']);
  });

  it('is not tried again when that is of no use', async () => {
    add('it', ['a'], 'refused');
    await vi.advanceTimersByTimeAsync(0);
    expect(failures).toEqual(['it refused']);
  });

  it('is dropped when too much waits', async () => {
    const taken = [1, 2, 3, 4, 5].map((number) => add(String(number), ['a'], 'down'));
    expect(taken).toEqual([true, true, true, true, false]);
  });
});

describe('the end', () => {
  it('is waited for when it is asked for', async () => {
    add('it', ['a'], 'down', undefined);
    let isSettled = false;
    const settled = queue.settled('a').then(() => {
      isSettled = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(isSettled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await settled;
    await queue.settled('unknown');
  });

  it('of the queue is one last attempt, without pauses', async () => {
    add('it', ['a'], 'down', undefined);
    add('not', ['b'], 'down', 'down');
    await vi.advanceTimersByTimeAsync(0);
    await queue.close(1000);
    expect(told).toEqual(['it']);
    expect(failures).toEqual(['not down']);
    expect(add('late', ['a'])).toBe(false);
  });

  it('of the queue does not wait for a server that hangs', async () => {
    queue.add({
      about: ['a'],
      tell: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      retries: () => 9,
      failed: (error) => failures.push((error as Error).message),
    });
    const closed = queue.close(1000);
    await vi.advanceTimersByTimeAsync(1000);
    await closed;
    expect(failures).toEqual(['the server stops']);
  });
});
