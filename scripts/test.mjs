// Runs the tests and ends with one line, "N passed, N failed". Each part runs even when an earlier one has failed.
//   node scripts/test.mjs [static] [native] [ts]     all three when none is named
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCompiler } from './system-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'build/test-results');
const asan = join(root, 'build/asan');

function run(command, args) {
  const compiler = findCompiler();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: compiler ? { ...process.env, CC: compiler.cc, CXX: compiler.cxx } : process.env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  return status === 0;
}

const runNode = (script, ...args) => run(process.execPath, [join(root, script), ...args]);

/** What one part came to. `problems` are failures that are not tests: a build, a formatter, a crash. */
class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  problems = [];

  problem(text) {
    this.problems.push(text);
    this.failed += 1;
  }
}

function runStatic() {
  const tally = new Tally();
  const checks = {
    'format and lint of TypeScript': () =>
      runNode('node_modules/@biomejs/biome/bin/biome', 'check'),
    'format of C++': () => runNode('scripts/format-native.mjs', '--check'),
    types: () => runNode('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'),
  };
  for (const [name, check] of Object.entries(checks)) {
    if (!check()) tally.problem(name);
  }
  return tally;
}

/** Adds the tests of one GoogleTest JSON report. */
function countGoogleTest(tally, report) {
  for (const suite of report.testsuites) {
    for (const test of suite.testsuite) {
      if (test.failures?.length > 0) tally.failed += 1;
      else if (test.result === 'COMPLETED') tally.passed += 1;
      else tally.skipped += 1;
    }
  }
}

/** The unit tests and the replay of the fuzz corpus, under AddressSanitizer and UndefinedBehaviorSanitizer. */
function runNative() {
  const tally = new Tally();
  if (!run('cmake', ['--preset', 'asan']) || !run('cmake', ['--build', '--preset', 'asan'])) {
    tally.problem('build of the native tests');
    return tally;
  }
  for (const name of readdirSync(asan).filter((file) => /^unit\.\d+\.json$/.test(file))) {
    rmSync(join(asan, name));
  }
  const junit = join(results, 'native.xml');
  const jobs = String(availableParallelism());
  const done = run('ctest', [
    '--preset',
    'asan',
    '-j',
    jobs,
    '--no-tests=error',
    '--output-junit',
    junit,
  ]);
  const xml = existsSync(junit) ? readFileSync(junit, 'utf8') : '';
  for (const [, name, status] of xml.matchAll(/<testcase name="([^"]+)"[^>]* status="([^"]+)"/g)) {
    const report = join(asan, `${name}.json`);
    if (!existsSync(report)) {
      // A fuzz target, or unit tests that crashed before they could report.
      if (status === 'run') tally.passed += 1;
      else tally.problem(name);
      continue;
    }
    const failedBefore = tally.failed;
    countGoogleTest(tally, JSON.parse(readFileSync(report, 'utf8')));
    // All tests passed and the program still failed: a leak, or a crash at exit.
    if (status !== 'run' && tally.failed === failedBefore) tally.problem(name);
  }
  if (!done && tally.failed === 0) tally.problem('ctest');
  return tally;
}

function runTypeScript() {
  const tally = new Tally();
  const json = join(results, 'vitest.json');
  rmSync(json, { force: true });
  const done = runNode(
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${json}`,
  );
  if (existsSync(json)) {
    const report = JSON.parse(readFileSync(json, 'utf8'));
    tally.passed = report.numPassedTests;
    tally.failed = report.numFailedTests;
    tally.skipped = report.numPendingTests + (report.numTodoTests ?? 0);
    for (const file of report.testResults) {
      const failedTests = file.assertionResults.some((test) => test.status === 'failed');
      if (file.status === 'failed' && !failedTests) tally.problem(file.name);
    }
  }
  if (!done && tally.failed === 0) tally.problem('vitest');
  return tally;
}

const parts = { static: runStatic, native: runNative, ts: runTypeScript };
const named = process.argv.slice(2);
for (const name of named.filter((name) => !Object.hasOwn(parts, name))) {
  process.stderr.write(`no such part: ${name}; there are ${Object.keys(parts).join(', ')}\n`);
  process.exit(2);
}

mkdirSync(results, { recursive: true });
const tallies = Object.entries(parts)
  .filter(([name]) => named.length === 0 || named.includes(name))
  .map(([name, part]) => {
    process.stdout.write(`\n== ${name}\n`);
    return { name, tally: part() };
  });

process.stdout.write('\n');
for (const { name, tally } of tallies) {
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : '';
  process.stdout.write(`${name}: ${tally.passed} passed, ${tally.failed} failed${skipped}\n`);
  for (const problem of tally.problems) process.stdout.write(`  failed: ${problem}\n`);
}
const sum = (field) => tallies.reduce((total, { tally }) => total + tally[field], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
// Nothing failed because nothing ran is a failure too, except where only static checks were asked for.
const ran = sum('passed') > 0 || named.join() === 'static';
process.exitCode = sum('failed') === 0 && ran ? 0 : 1;
