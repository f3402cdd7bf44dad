import { readdirSync, readFileSync } from 'node:fs';

/** What a process holds, as the kernel counts it. */
export interface Usage {
  /** Resident memory, MiB. */
  readonly residentMiB: number;
  /** Open file descriptors. */
  readonly descriptors: number;
}

export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const residentKiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  return {
    residentMiB: residentKiB / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
