import { readdirSync, readFileSync } from 'node:fs';

/** What a process takes at one moment. */
export interface Taken {
  readonly rssBytes: number;
  readonly descriptors: number;
  /** User and system time since its start, in milliseconds. */
  readonly cpuMs: number;
}

/** Clock ticks of `/proc/PID/stat`: USER_HZ, which is 100 on every Linux. */
const TICK_MS = 10;

/** @throws Error when there is no such process. */
export function takenBy(pid: number): Taken {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  // The name of the program, in parentheses, may hold blanks.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return {
    rssBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    cpuMs: (Number(stat[11]) + Number(stat[12])) * TICK_MS,
  };
}
