// Brings a fresh clone, or one with changes, to the point where the server can run: system packages, npm packages, the
// addon, the TypeScript. Does only what is missing, and is done within a second when nothing is. Needs Node.js alone. Run by
// setup.mjs, which has seen to the version of that.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from './build-native.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (...path) => join(root, ...path);
const tsc = inRoot('node_modules/typescript/bin/tsc');
const forTests = process.argv.includes('--test');

function fail(why) {
  process.stderr.write(`setup: ${why}\n`);
  process.exit(1);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error) fail(`${command}: ${result.error.message}`);
  return result.status === 0;
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Time of the last change under `path`. Folders count as well: theirs changes when a file goes. */
function lastChange(path) {
  let last = modified(path);
  if (last === 0 || !statSync(path).isDirectory()) return last;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    last = Math.max(last, modified(join(entry.parentPath, entry.name)));
  }
  return last;
}

/** Only a checkout has its own npm packages and TypeScript sources; in an installed package both are in place. */
const isCheckout = existsSync(inRoot('package-lock.json'));

/** node_modules is right when it was made from this package-lock.json. The stamp lies in it and goes with it. */
function installNpmPackages() {
  const lockfile = inRoot('package-lock.json');
  const stamp = inRoot('node_modules/.setup-stamp');
  // npm leaves out optional packages that do not fit the running Node.js, so another one needs another installation.
  const lockHash = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  const node = process.versions.node.split('.')[0];
  const wanted = `${lockHash} ${process.platform} ${process.arch} node ${node}\n`;
  const present = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
  if (present === wanted) return;
  // Somebody's own `npm ci` leaves no stamp, but npm's list of what it installed.
  const installed = modified(inRoot('node_modules/.package-lock.json'));
  if (present !== undefined || installed <= modified(lockfile)) {
    process.stderr.write('setup: installing npm packages\n');
    // Under npm this is the npm that runs us, else the one on the path.
    const npm = process.env.npm_execpath;
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
    const done = npm?.endsWith('.js') ? run(process.execPath, [npm, ...args]) : run('npm', args);
    if (!done) fail('npm ci failed');
  }
  writeFileSync(stamp, wanted);
}

/** The addon is asked for only when something it is made of has changed; what is to be compiled is Ninja's decision. */
function addonIsCurrent() {
  const sources = ['native', 'cmake', 'CMakeLists.txt', 'package.json'].map((path) => inRoot(path));
  return modified(inRoot('build/Release/millrace.node')) > Math.max(...sources.map(lastChange));
}

const current = addonIsCurrent();
const purposes = [...(current ? [] : ['build']), ...(forTests ? ['build', 'test'] : [])];
const advice = ensureSystemPackages(purposes);
if (advice) fail(advice);
if (isCheckout) installNpmPackages();
if (!current && !buildNative()) fail('the addon could not be built');
if (isCheckout && !run(process.execPath, [tsc, '-p', 'tsconfig.build.json'])) {
  fail('the TypeScript part could not be built');
}
