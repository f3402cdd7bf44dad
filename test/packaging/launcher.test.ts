import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../bin', import.meta.url));

let folder: string;
let checkout: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-launcher-'));
  checkout = join(folder, 'checkout');
  cpSync(bin, join(checkout, 'bin'), { recursive: true });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function build(part: 'dist/main.js' | 'build/Release/millrace.node', text = ''): void {
  mkdirSync(join(checkout, part, '..'), { recursive: true });
  writeFileSync(join(checkout, part), text);
}

function launch(path: string, ...args: string[]) {
  return spawnSync(process.execPath, [path, ...args], { cwd: folder, encoding: 'utf8' });
}

it('says which Node.js is needed, in words that old ones can read', () => {
  const files = ['bin/millrace', 'scripts/setup.mjs'];
  for (const file of files) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(text, file).toContain('Node.js 20.17 or newer is needed');
    // What came after Node.js 12: node: in front of a module, ?., ??, static imports of what is new.
    expect(text, file).not.toMatch(/['"]node:|\?\.[a-z(]|\?\?|^import .* from/m);
  }
});

it('says what to run when nothing is built', () => {
  const { status, stderr } = launch(join(checkout, 'bin/millrace'));
  expect(status).toBe(1);
  expect(stderr).toContain(`run npm run setup in ${checkout}`);
});

it('says what to run when only the addon is missing', () => {
  build('dist/main.js');
  const { status, stderr } = launch(join(checkout, 'bin/millrace'));
  expect(status).toBe(1);
  expect(stderr).toContain('the native part is not built yet');
});

it('runs the server in its own process, through a symbolic link and from any folder', () => {
  writeFileSync(join(checkout, 'package.json'), '{ "type": "module" }');
  build('build/Release/millrace.node');
  build(
    'dist/main.js',
    'process.stdout.write([process.pid, process.argv.slice(2)].join()); process.exitCode = 7;',
  );
  const link = join(folder, 'millrace');
  symlinkSync(join(checkout, 'bin/millrace'), link);
  const { status, stdout, pid } = launch(link, '-c', 'x.conf');
  expect(status).toBe(7);
  expect(stdout).toBe(`${pid},-c,x.conf`);
});
