import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ServerError } from '../errors/server-error.ts';
import { makeFolder } from './make-folder.ts';

/** Other processes may take the file over at the same moment; more than a few never do. */
const MAX_ATTEMPTS = 5;

/**
 * The pid file, held until {@link PidFile.release}: one server runs with each. Node.js has no file
 * locks, so the lock is the open descriptor: whoever is named in the file and has it open runs. That
 * lasts exactly as long as the process, whatever ends it, and survives that its pid is used again.
 */
export class PidFile {
  readonly #path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  /**
   * Writes this process into the file. Its folder is made when missing.
   * @throws ServerError `ALREADY_RUNNING`, `PID_FILE_UNUSABLE`.
   */
  static acquire(path: string, pid: number = process.pid): PidFile {
    const own = `${path}.${pid}`;
    let fd: number | undefined;
    try {
      makeFolder(dirname(path));
      fd = openSync(own, 'w', 0o644);
      writeSync(fd, `${pid}\n`);
      takeOver(path, own);
      return new PidFile(path, fd);
    } catch (cause) {
      if (fd !== undefined) {
        closeSync(fd);
      }
      throw cause instanceof ServerError
        ? cause
        : new ServerError('PID_FILE_UNUSABLE', path, { cause });
    } finally {
      removeIfThere(own);
    }
  }

  /** Removes the file, unless it is another's by now. */
  release(): void {
    const held = fstatSync(this.#fd).ino;
    if (inodeOf(this.#path) === held) {
      removeIfThere(this.#path);
    }
    closeSync(this.#fd);
  }
}

/** Puts `own` in the place of `path`; each step is atomic, so that of several processes one wins. */
function takeOver(path: string, own: string): void {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    try {
      linkSync(own, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    const holder = runningHolder(path);
    if (holder !== undefined) {
      throw new ServerError('ALREADY_RUNNING', `pid ${holder} in ${path}`);
    }
    removeStale(path, `${own}.stale`);
  }
  throw new ServerError('ALREADY_RUNNING', `others take ${path} over at the same time`);
}

/** Moves the file away before it is removed: if another put its own there meanwhile, it goes back. */
function removeStale(path: string, aside: string): void {
  const stale = inodeOf(path);
  try {
    renameSync(path, aside);
  } catch {
    // Another process was quicker; the next attempt sees what it did.
    return;
  }
  if (inodeOf(aside) !== stale) {
    linkSync(aside, path);
  }
  removeIfThere(aside);
}

/** The process that is named in the file and has it open; undefined when there is none. */
function runningHolder(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
  const pid = Number(/^\s*(\d{1,10})\s*$/.exec(text)?.[1]);
  return Number.isInteger(pid) && pid > 0 && hasOpen(pid, path) ? pid : undefined;
}

function hasOpen(pid: number, path: string): boolean {
  const folder = `/proc/${pid}/fd`;
  let fds: string[];
  try {
    fds = readdirSync(folder);
  } catch (error) {
    // Another user's process cannot be looked into. It is there, so it counts.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
  const wanted = statSync(path, { throwIfNoEntry: false });
  return fds.some((fd) => {
    const found = inodeAndDevice(`${folder}/${fd}`);
    return found !== undefined && found.ino === wanted?.ino && found.dev === wanted.dev;
  });
}

function inodeAndDevice(path: string): { ino: number; dev: number } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone is what was wanted; whatever else keeps it, it does no harm.
  }
}
