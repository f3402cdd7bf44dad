import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigWatch } from './config-watch.ts';

let folder: string;
let changes: number;
let faults: string[];
let watching: ConfigWatch;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-watch-'));
  changes = 0;
  faults = [];
  watching = new ConfigWatch(
    () => {
      changes += 1;
    },
    (where) => faults.push(where),
  );
});
afterEach(() => {
  watching.close();
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string) => join(folder, name);
const seen = (count: number) =>
  vi.waitFor(() => expect(changes).toBe(count), { timeout: 10_000, interval: 20 });

describe('ConfigWatch', () => {
  it('sees a file that is written, and one that is replaced', async () => {
    writeFileSync(inFolder('a.conf'), '1');
    watching.watch([inFolder('a.conf')]);
    writeFileSync(inFolder('a.conf'), '2');
    writeFileSync(inFolder('a.conf'), '3');
    await seen(1);
    writeFileSync(inFolder('new'), '4');
    renameSync(inFolder('new'), inFolder('a.conf'));
    await seen(2);
  });

  it('sees a ConfigMap that is exchanged', async () => {
    for (const version of ['one', 'two']) {
      mkdirSync(inFolder(version));
      writeFileSync(inFolder(`${version}/a.conf`), version);
    }
    symlinkSync('one', inFolder('..data'));
    symlinkSync('..data/a.conf', inFolder('a.conf'));
    watching.watch([inFolder('a.conf')]);
    symlinkSync('two', inFolder('..data_tmp'));
    renameSync(inFolder('..data_tmp'), inFolder('..data'));
    await seen(1);
  });

  it('passes over other files, and files that it does not watch any more', async () => {
    mkdirSync(inFolder('old'));
    mkdirSync(inFolder('new'));
    watching.watch([inFolder('old/a.conf')]);
    watching.watch([inFolder('new/b.conf')]);
    writeFileSync(inFolder('old/a.conf'), '1');
    writeFileSync(inFolder('new/c.conf'), '1');
    await delay(500);
    expect(changes).toBe(0);
    writeFileSync(inFolder('new/b.conf'), '1');
    await seen(1);
    unlinkSync(inFolder('new/b.conf'));
    await seen(2);
  });

  it('tells of a folder that cannot be watched', () => {
    watching.watch([inFolder('nowhere/a.conf')]);
    expect(faults).toEqual([inFolder('nowhere')]);
  });
});
