import { spawn } from 'node:child_process';
import { ServerError } from '../errors/server-error.ts';

/** Set in the environment of the process that is to stay in the background. */
const MARKER = 'MILLRACE_BACKGROUND';

/** What the background process tells the one that started it, once. `text` is for the terminal. */
export type StartReport =
  | { readonly up: true; readonly text: string }
  | { readonly up: false; readonly text: string; readonly exitCode: number };

/**
 * Whether this process is the one in the background. Asked once: the mark is taken off, so that
 * programs which the server starts do not carry it.
 */
export function takeBackgroundMark(env: NodeJS.ProcessEnv = process.env): boolean {
  const marked = env[MARKER] !== undefined && process.send !== undefined;
  delete env[MARKER];
  return marked;
}

/**
 * Starts the program again in the background: in a session of its own, so that a terminal that closes
 * does not end it. Node.js cannot fork, so the same command line does all of the start anew.
 * @param keepOutput  leave it the standard output, for a log on the console.
 * @return what the background process reports, as soon as it does.
 * @throws ServerError `DAEMON_FAILED` when it ends without a report.
 */
export function startBackground(keepOutput: boolean): Promise<StartReport> {
  const output = keepOutput ? 'inherit' : 'ignore';
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      detached: true,
      env: { ...process.env, [MARKER]: '1' },
      stdio: ['ignore', output, output, 'ipc'],
    });
    child.once('error', (cause) => reject(new ServerError('DAEMON_FAILED', undefined, { cause })));
    child.once('exit', (code, signal) => {
      reject(new ServerError('DAEMON_FAILED', `it ended with ${signal ?? `status ${code}`}`));
    });
    child.once('message', (report) => {
      child.removeAllListeners();
      child.disconnect();
      child.unref();
      resolve(report as StartReport);
    });
  });
}

/** Tells the process that started this one, which then ends. */
export function reportStart(report: StartReport): Promise<void> {
  return new Promise((resolve) => {
    // Node.js calls back with an error when the other side has gone: there is nobody to tell then.
    process.send?.(report, undefined, undefined, () => {
      if (process.connected) {
        process.disconnect();
      }
      resolve();
    });
  });
}
