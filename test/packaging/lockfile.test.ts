import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockedPackage {
  version?: string;
  resolved?: string;
  integrity?: string;
  os?: string[];
  optionalDependencies?: Record<string, string>;
}

const root = new URL('../../', import.meta.url);
const lockfile = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

it('names no registry host, so that each user’s own setting decides', () => {
  const hosts = Object.values(lockfile.packages).flatMap((entry) => entry.resolved ?? []);
  expect(hosts).toEqual([]);
});

it('has an entry for the binaries of every platform, where npm ran on one of them', () => {
  const missing = Object.values(lockfile.packages)
    .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    .filter((name) => !Object.keys(lockfile.packages).some((path) => path.endsWith(`/${name}`)));
  expect(missing).toEqual([]);
});

it('holds a hash of all that is installed here', () => {
  const unhashed = Object.entries(lockfile.packages)
    .filter(([path, entry]) => path !== '' && entry.integrity === undefined)
    .filter(([, entry]) => entry.os === undefined || entry.os.includes(process.platform))
    .map(([path]) => path)
    .filter((path) => !path.endsWith('-musl'));
  expect(unhashed).toEqual([]);
});
