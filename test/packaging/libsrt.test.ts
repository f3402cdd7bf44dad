import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const modules = fileURLToPath(new URL('../../cmake', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'millrace-libsrt-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the build says of a libsrt 1.5.1 whose package has this version; none: it came from no package. */
function configure(name: string, version?: string): string {
  writeFileSync(
    join(folder, 'CMakeLists.txt'),
    `cmake_minimum_required(VERSION 3.18)
     project(libsrt C CXX)
     set(MILLRACE_STATIC_CRYPTO OFF)
     set(SRT_INCLUDE_DIR ${join(folder, 'include')})
     set(SRT_LIBRARY ${join(folder, 'libsrt.so')})
     list(APPEND CMAKE_MODULE_PATH ${modules})
     find_package(Srt 1.5 REQUIRED)`,
  );
  execFileSync('mkdir', ['-p', join(folder, 'include/srt')]);
  writeFileSync(join(folder, 'include/srt/version.h'), '#define SRT_VERSION_STRING "1.5.1"\n');
  writeFileSync(join(folder, 'libsrt.so'), '');
  const query = join(folder, 'dpkg-query');
  writeFileSync(query, version ? `#!/bin/sh\nprintf %s ${version}\n` : '#!/bin/sh\nexit 1\n');
  chmodSync(query, 0o755);
  const args = ['-S', folder, '-B', join(folder, name), `-DDPKG_QUERY=${query}`];
  // Warnings go to standard error.
  return execFileSync('sh', ['-c', 'exec cmake "$@" 2>&1', 'sh', ...args])
    .toString()
    .replace(/\s+/g, ' ');
}

describe('the build', () => {
  it('warns of a libsrt that strangers can crash', () => {
    expect(configure('old', '1.5.1-1+deb12u1')).toContain(
      'libsrt 1.5.1-1+deb12u1 can be crashed by anybody who may connect (CVE-2026-55868, CVE-2026-55869)',
    );
  });

  it('says nothing of one that is corrected', () => {
    expect(configure('corrected', '1.5.1-1+deb12u2')).not.toContain('CVE');
  });

  it('warns of an old one of which it cannot tell', () => {
    expect(configure('unknown')).toContain('libsrt 1.5.1 is older than 1.5.6');
  });
});
