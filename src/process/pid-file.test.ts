import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PidFile } from './pid-file.ts';

let folder: string;
let path: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-pid-'));
  path = join(folder, 'objs', 'srs.pid');
});

afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
  rmSync(folder, { recursive: true });
});

/** A process that has the file open, as a server has; `holds` off: one that only runs. */
async function otherProcess(holds: boolean): Promise<ChildProcess> {
  const script = holds
    ? `fs.mkdirSync(require('path').dirname(${JSON.stringify(path)}), { recursive: true });
       fs.writeSync(fs.openSync(${JSON.stringify(path)}, 'w'), process.pid + '\\n');`
    : '';
  const child = spawn(
    process.execPath,
    ['-e', `const fs = require('fs'); ${script} console.log('up'); setInterval(() => {}, 1e6);`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

describe('PidFile', () => {
  it('holds the pid until it is released, and leaves nothing else behind', () => {
    const held = PidFile.acquire(path);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    expect(readdirSync(join(folder, 'objs'))).toEqual(['srs.pid']);
    held.release();
    expect(existsSync(path)).toBe(false);
  });

  it('is refused while another process holds it', async () => {
    const other = await otherProcess(true);
    expect(() => PidFile.acquire(path)).toThrow(
      expect.objectContaining({
        code: 'ALREADY_RUNNING',
        number: 1035,
        message: expect.stringContaining(String(other.pid)),
      }),
    );
    expect(readFileSync(path, 'utf8')).toBe(`${other.pid}\n`);
    expect(readdirSync(join(folder, 'objs'))).toEqual(['srs.pid']);
  });

  it('is taken over from a process that was killed', async () => {
    const other = await otherProcess(true);
    other.kill('SIGKILL');
    await once(other, 'exit');
    PidFile.acquire(path).release();
  });

  it('is taken over when its pid belongs to another program now', async () => {
    const other = await otherProcess(false);
    PidFile.acquire(path).release();
    writeFileSync(path, `${other.pid}\n`);
    PidFile.acquire(path).release();
  });

  it.each(['', 'garbage', '-1\n', '99999999999999999999\n'])('is taken over from %j', (text) => {
    PidFile.acquire(path).release();
    writeFileSync(path, text);
    PidFile.acquire(path).release();
  });

  it('of another is not removed', () => {
    const held = PidFile.acquire(path);
    rmSync(path);
    writeFileSync(path, '1\n');
    held.release();
    expect(readFileSync(path, 'utf8')).toBe('1\n');
  });

  it('says why it cannot be written', () => {
    writeFileSync(join(folder, 'objs'), 'a file where a folder must be');
    expect(() => PidFile.acquire(path)).toThrow(
      expect.objectContaining({ code: 'PID_FILE_UNUSABLE' }),
    );
  });
});
