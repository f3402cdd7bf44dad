import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { MachineLimits } from './checks.ts';
import type { ReadFile } from './parser.ts';

/** What the kernel tells about this process; on other systems than Linux most of it is unknown. */
export function readMachineLimits(readFile: ReadFile = readProc): MachineLimits {
  const openFiles = openFilesLimit(readFile);
  const localAddresses = Object.values(networkInterfaces()).flat().length;
  return { ...(openFiles === undefined ? {} : { openFiles }), localAddresses };
}

/** RLIMIT_NOFILE, the soft limit. Node.js has no call for it. */
function openFilesLimit(readFile: ReadFile): number | undefined {
  const soft = /^Max open files +(\d+|unlimited)/m.exec(textOf('/proc/self/limits', readFile))?.[1];
  return soft === undefined || soft === 'unlimited' ? undefined : Number(soft);
}

/** Whether the first process runs in a container of Docker, as SRS finds out. */
export function runsInDocker(readFile: ReadFile = readProc): boolean {
  return textOf('/proc/1/cgroup', readFile).includes('/docker');
}

function readProc(path: string): string {
  return readFileSync(path, 'utf8');
}

function textOf(path: string, readFile: ReadFile): string {
  try {
    return readFile(path);
  } catch {
    // No such file on this system, or not for us: then nothing is known.
    return '';
  }
}
