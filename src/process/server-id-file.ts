import { readFileSync, writeFileSync } from 'node:fs';
import { randomServerId } from '../identity/server-identity.ts';

/** What an id may look like: it goes into JSON, headers and metrics labels. */
const SERVER_ID = /^[A-Za-z0-9._~-]{1,128}$/;

/** Where the id is kept: the pid file with `.pid` replaced by `.id`, or with `.id` appended. */
export function serverIdPath(pidFile: string): string {
  return pidFile.includes('.pid') ? pidFile.replace('.pid', '.id') : `${pidFile}.id`;
}

/**
 * The id of this server: the configured one, else the one of the last run, else a new one. Kept in a
 * file for the next run; a disk that cannot keep it is no reason not to start.
 */
export function keepServerId(pidFile: string, configured: string | undefined): string {
  const path = serverIdPath(pidFile);
  const id = configured || readId(path) || randomServerId();
  try {
    writeFileSync(path, id, { mode: 0o644 });
  } catch {
    // The next run makes another id.
  }
  return id;
}

function readId(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return SERVER_ID.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
