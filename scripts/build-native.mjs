// Builds build/Release/millrace.node: cmake-js configures once, then CMake and Ninja decide what is to be compiled.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findCompiler } from './system-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tree = join(root, 'build/cmake');

/** Whether the tree was configured to the end, and for this place: a moved checkout has another one in its cache. */
function isConfigured() {
  const cache = join(tree, 'CMakeCache.txt');
  if (!existsSync(cache)) return false;
  if (!existsSync(join(tree, 'build.ninja')) && !existsSync(join(tree, 'Makefile'))) return false;
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1];
  return home === root.replace(/\/$/, '');
}

/** @returns whether the addon is there and up to date */
export function buildNative() {
  const compiler = findCompiler();
  const env = compiler ? { ...process.env, CC: compiler.cc, CXX: compiler.cxx } : process.env;
  const run = (command, args) =>
    spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] }).status ===
    0;
  if (isConfigured()) return run('cmake', ['--build', tree]);
  rmSync(tree, { recursive: true, force: true });
  const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  return run(process.execPath, [cmakeJs, 'build', '-O', tree]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = buildNative() ? 0 : 1;
}
