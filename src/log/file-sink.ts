import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { ServerError } from '../errors/server-error.ts';
import { makeFolder } from '../process/make-folder.ts';
import { ByteQueue } from './byte-queue.ts';
import type { LogSink } from './sink.ts';

/** Longest wait for the last lines when the log closes. */
const CLOSE_LIMIT_MS = 500;

/** Appends to a file. SIGUSR1 reopens it, so that a rotated file is let go. */
export class FileSink implements LogSink {
  readonly #path: string;
  readonly #queue: ByteQueue;

  /**
   * @param path  its folder is made when missing.
   * @throws ServerError `LOG_FILE_UNUSABLE`.
   */
  constructor(path: string) {
    this.#path = path;
    this.#queue = new ByteQueue(openLogFile(path), closeSync);
  }

  write(line: string): void {
    this.#queue.push(line);
  }

  /** @throws ServerError `LOG_FILE_UNUSABLE`; the old file is then written on. */
  reopen(): void {
    this.#queue.redirect(openLogFile(this.#path));
  }

  close(): Promise<void> {
    return this.#queue.close(CLOSE_LIMIT_MS);
  }

  /** See {@link ByteQueue.flushSync}. */
  flushSync(): void {
    this.#queue.flushSync();
  }
}

function openLogFile(path: string): number {
  try {
    makeFolder(dirname(path));
    return openSync(path, 'a', 0o644);
  } catch (cause) {
    throw new ServerError('LOG_FILE_UNUSABLE', `srs_log_file ${path}`, { cause });
  }
}
