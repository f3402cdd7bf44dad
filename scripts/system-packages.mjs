// What the build and the tests need from the operating system, and how to get it on Debian and Ubuntu.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function onPath(...commands) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return commands.some((command) => folders.some((folder) => existsSync(join(folder, command))));
}

/** /usr/lib/x86_64-linux-gnu and the like, which Debian puts beside /usr/lib. */
function multiarch(base) {
  if (!existsSync(base)) return [];
  return readdirSync(base)
    .filter((name) => /-linux-gnu/.test(name))
    .map((name) => join(base, name));
}

const includeFolders = ['/usr/include', '/usr/local/include', ...multiarch('/usr/include')];
const libraryFolders = ['/usr/lib', '/usr/lib64', '/usr/local/lib', ...multiarch('/usr/lib')];
const header = (name) => includeFolders.some((folder) => existsSync(join(folder, name)));
const library = (name) => libraryFolders.some((folder) => existsSync(join(folder, name)));

const oldestGcc = 12;

/**
 * A C++20 compiler: the default one when it is new enough, else a versioned g++ beside it.
 * @returns {{cc: string, cxx: string} | undefined} undefined when there is none
 */
export function findCompiler() {
  if (process.env.CXX) return { cc: process.env.CC ?? 'cc', cxx: process.env.CXX };
  const version = Number.parseInt(spawnSync('g++', ['-dumpversion']).stdout?.toString() ?? '', 10);
  if (version >= oldestGcc) return { cc: 'gcc', cxx: 'g++' };
  for (let newer = 20; newer >= oldestGcc; newer--) {
    if (onPath(`g++-${newer}`)) return { cc: `gcc-${newer}`, cxx: `g++-${newer}` };
  }
  return undefined;
}

/** The server runs without them, and then does not transcode audio. */
const audioLibraries = {
  what: 'libavcodec 59.37 and libswresample with headers, to transcode audio',
  there: () => header('libavcodec/avcodec.h') && header('libswresample/swresample.h'),
  packages: [['libavcodec-dev'], ['libswresample-dev']],
};

/**
 * Everything that is needed, in words for people on other systems, with a way to see whether it is there and the Debian
 * packages that bring it: one of each inner list, the first that the system knows. Optional things are installed where
 * that is possible, and missed only by what needs them.
 */
const requirements = [
  {
    for: 'build',
    what: `a C++20 compiler (GCC ${oldestGcc} or newer)`,
    there: () => findCompiler() !== undefined && onPath('make'),
    packages: [['build-essential']],
  },
  {
    for: 'build',
    what: 'CMake 3.21 or newer',
    there: () => onPath('cmake'),
    packages: [['cmake']],
  },
  { for: 'build', what: 'Ninja', there: () => onPath('ninja'), packages: [['ninja-build']] },
  {
    for: 'build',
    what: 'pkg-config',
    there: () => onPath('pkg-config'),
    packages: [['pkg-config']],
  },
  {
    for: 'build',
    what: 'OpenSSL 3 with headers and static libraries',
    there: () => header('openssl/ssl.h') && library('libssl.a'),
    packages: [['libssl-dev']],
  },
  {
    for: 'build',
    // Newer releases have the library, Debian 12 the sources.
    what: 'llhttp, C sources or a static library',
    there: () =>
      ['/usr/local/share', '/usr/share'].some((share) => existsSync(`${share}/llhttp/llhttp.c`)) ||
      (header('llhttp.h') && library('libllhttp.a')),
    packages: [['libllhttp-dev', 'node-llhttp']],
  },
  {
    for: 'build',
    what: 'libsrt 1.5 for OpenSSL, static',
    there: () => header('srt/srt.h') && library('libsrt.a'),
    packages: [['libsrt-openssl-dev']],
  },
  {
    for: 'build',
    what: 'libnghttp2 1.50, static, to speak HTTP/2',
    optional: true,
    there: () => header('nghttp2/nghttp2.h') && library('libnghttp2.a'),
    packages: [['libnghttp2-dev']],
  },
  { ...audioLibraries, for: 'build', optional: true },
  { ...audioLibraries, for: 'test' },
  {
    for: 'test',
    what: 'GoogleTest',
    there: () => header('gtest/gtest.h') && library('libgtest.a'),
    packages: [['libgtest-dev']],
  },
  {
    for: 'test',
    what: 'ffmpeg and ffprobe',
    there: () => onPath('ffmpeg') && onPath('ffprobe'),
    packages: [['ffmpeg']],
  },
  { for: 'test', what: 'openssl', there: () => onPath('openssl'), packages: [['openssl']] },
  {
    for: 'test',
    what: 'nginx',
    there: () => onPath('nginx') || existsSync('/usr/sbin/nginx'),
    packages: [['nginx']],
  },
  {
    for: 'test',
    what: 'Redis',
    there: () => onPath('redis-server'),
    packages: [['redis-server']],
  },
  {
    for: 'test',
    what: 'Chromium',
    optional: true,
    there: () => onPath('chromium', 'chromium-browser', 'google-chrome'),
    packages: [['chromium']],
  },
];

function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('='))
      .map((line) => {
        const [name, value] = line.split(/=(.*)/);
        return [name, value.replace(/^"|"$/g, '')];
      }),
  );
}

/** @returns whether apt knows the package and could install it. Needs package lists. */
function installable(name) {
  const policy = spawnSync('apt-cache', ['policy', name], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return /^ +Candidate: (?!\(none\))/m.test(policy.stdout ?? '');
}

/** The Debian packages of `missing`. Without package lists the first of each alternatives is taken on trust. */
function packagesOf(missing) {
  return missing.flatMap((requirement) =>
    requirement.packages
      .map((names) => names.find(installable) ?? (requirement.optional ? undefined : names[0]))
      .filter((name) => name !== undefined),
  );
}

const installer = fileURLToPath(new URL('install-packages.sh', import.meta.url));

function asRoot(command, ...args) {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [first, ...rest] = [...sudo, command, ...args];
  return spawnSync(first, rest, { stdio: ['ignore', 2, 2] }).status === 0;
}

function canBeRoot() {
  if (process.getuid?.() === 0) return true;
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

/**
 * Sees to it that what `purposes` ('build', 'test') need is there, by apt-get where that is possible.
 * @returns {string | undefined} what the user has to do, in words; undefined when all is there
 */
export function ensureSystemPackages(purposes) {
  const wanted = requirements.filter((requirement) => purposes.includes(requirement.for));
  const missing = () => wanted.filter((requirement) => !requirement.there());
  let lacking = missing();
  if (lacking.length === 0) return undefined;

  const list = (rows) => rows.map((row) => `  - ${row.what}${row.optional ? ' (optional)' : ''}`);
  const needed = (rows) => rows.filter((row) => !row.optional);
  if (!onPath('apt-get')) {
    if (needed(lacking).length === 0) return undefined;
    const system = osRelease().PRETTY_NAME ?? process.platform;
    return `These are needed and not found on ${system}:\n${list(lacking).join('\n')}`;
  }
  if (!canBeRoot()) {
    if (needed(lacking).length === 0) return undefined;
    return [
      'These are needed and not found:',
      ...list(lacking),
      'Install them with:',
      `  sudo apt-get update && sudo ${installer} ${packagesOf(lacking).join(' ')}`,
    ].join('\n');
  }

  if (!asRoot('apt-get', '-o', 'Acquire::Retries=3', 'update')) {
    process.stderr.write('setup: package lists could not be updated\n');
  }
  const packages = packagesOf(lacking);
  if (packages.length > 0) {
    process.stderr.write(`setup: installing ${packages.join(' ')}\n`);
    asRoot(installer, ...packages);
  }
  lacking = missing();
  for (const row of lacking.filter((requirement) => requirement.optional)) {
    process.stderr.write(`setup: ${row.what} is not there; what needs it cannot run\n`);
  }
  if (needed(lacking).length === 0) return undefined;
  return [
    'These are needed, and installing them failed:',
    ...list(needed(lacking)),
    `Packages: ${packages.join(' ')}`,
  ].join('\n');
}
