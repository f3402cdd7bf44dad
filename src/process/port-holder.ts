import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Endpoint } from '../config/endpoint.ts';

/** State of a listening socket in `/proc/net/tcp` (TCP_LISTEN of the kernel). */
const LISTENING = '0A';
/** Processes that are looked at: a machine with more gets no name, only the error. */
const MAX_PROCESSES = 20_000;

/**
 * Says which process listens on a TCP port, e.g. `nginx (pid 123)`. Best effort: other users'
 * processes cannot be looked into, and other containers' not be seen.
 */
export function findPortHolder({ port }: Endpoint): string | undefined {
  try {
    const inodes = new Set([
      ...listenersOn('/proc/net/tcp', port),
      ...listenersOn('/proc/net/tcp6', port),
    ]);
    return inodes.size === 0 ? undefined : processWithSocket(inodes);
  } catch {
    // The name is a courtesy; where /proc is missing or hidden the error stands without it.
    return undefined;
  }
}

/** Inodes of the sockets that listen on a port, whatever their address. */
function* listenersOn(table: string, port: number): Generator<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync(table, 'latin1').split('\n').slice(1)) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === LISTENING && local.endsWith(`:${wanted}`) && inode) {
      yield inode;
    }
  }
}

function processWithSocket(inodes: ReadonlySet<string>): string | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    if (holdsAny(pid, inodes)) {
      return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
    }
  }
  return undefined;
}

function holdsAny(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
    });
  } catch {
    // The process has ended, or belongs to another user.
    return false;
  }
}
