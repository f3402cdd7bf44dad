import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepServerId, serverIdPath } from './server-id-file.ts';

let folder: string;
let pidFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-id-'));
  pidFile = join(folder, 'srs.pid');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('server id', () => {
  it('lies beside the pid file', () => {
    expect(serverIdPath('./objs/srs.pid')).toBe('./objs/srs.id');
    expect(serverIdPath('/run/srs')).toBe('/run/srs.id');
  });

  it('is made once and kept', () => {
    const id = keepServerId(pidFile, undefined);
    expect(id).toMatch(/^vid-[0-9a-z]{7}$/);
    expect(keepServerId(pidFile, undefined)).toBe(id);
  });

  it('is the configured one where there is one', () => {
    keepServerId(pidFile, undefined);
    expect(keepServerId(pidFile, 'vid-mine')).toBe('vid-mine');
    expect(readFileSync(serverIdPath(pidFile), 'utf8')).toBe('vid-mine');
  });

  it.each(['', 'a\nb', '<script>', 'x'.repeat(10_000)])(
    'is made anew for a file with %j',
    (text) => {
      writeFileSync(serverIdPath(pidFile), text);
      expect(keepServerId(pidFile, undefined)).toMatch(/^vid-[0-9a-z]{7}$/);
    },
  );

  it('does without a disk', () => {
    expect(keepServerId(join(folder, 'missing', 'srs.pid'), undefined)).toMatch(/^vid-/);
  });
});
