import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing; does nothing where it is there already. Node's own
 * `recursive` never returns below /proc, where a parent is there and its child can still not be made.
 * @throws the error of the system.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      return;
    }
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) {
      throw error;
    }
    makeFolder(parent);
    makeLast(path);
  }
}

/** Another process may have made it meanwhile. */
function makeLast(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
}
