// Formats the C++ sources with the clang-format of package.json; with --check it changes nothing and fails if it would.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const native = join(root, 'native');
const files = readdirSync(native, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(cpp|hpp)$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort();

// The package has binaries for these; elsewhere the check is left to CI.
const binaries = {
  'linux x64': 'linux_x64',
  'darwin x64': 'darwin_x64',
  'darwin arm64': 'darwin_x64',
};
const binary = binaries[`${process.platform} ${process.arch}`];

if (binary === undefined) {
  process.stderr.write(
    `clang-format: no binary for ${process.platform} ${process.arch}, skipped\n`,
  );
} else if (files.length > 0) {
  const home = dirname(createRequire(import.meta.url).resolve('clang-format/package.json'));
  const mode = process.argv.includes('--check') ? ['--dry-run', '--Werror'] : ['-i'];
  const result = spawnSync(join(home, 'bin', binary, 'clang-format'), [...mode, ...files], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.error) throw result.error;
  process.exitCode = result.status ?? 1;
}
