import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from './make-folder.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('makeFolder', () => {
  it('makes what is missing, and leaves what is there', () => {
    const path = join(folder, 'a/b/c');
    makeFolder(path);
    makeFolder(path);
    makeFolder(`${folder}/a/../a/d`);
    expect(statSync(path).isDirectory()).toBe(true);
    expect(existsSync(join(folder, 'a/d'))).toBe(true);
  });

  it('fails where it cannot be made, also below /proc', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file/a/b'))).toThrow('ENOTDIR');
    expect(() => makeFolder('/proc/nowhere/a')).toThrow('ENOENT');
  });
});
