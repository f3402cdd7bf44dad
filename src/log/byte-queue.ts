import { write, writeSync } from 'node:fs';

/** Bytes of log that may wait for a slow disk or reader before lines are dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** One write takes so many bytes at most, so that a reopened file takes over soon. */
const MAX_WRITE_BYTES = 256 * 1024;
/** Wait after a write that a full pipe or disk refused. */
const RETRY_MS = 50;

/**
 * Writes lines to a descriptor in order, one write at a time and off the main thread. What waits is
 * bounded: beyond that, lines are dropped and their number is written once there is room.
 */
export class ByteQueue {
  #fd: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #writing = false;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  readonly #release: (fd: number) => void;
  #released: number[] = [];

  /** @param release  called with each descriptor that is no longer used, once nothing writes to it. */
  constructor(fd: number, release: (fd: number) => void) {
    this.#fd = fd;
    this.#release = release;
  }

  push(line: string): void {
    if (this.#closed) {
      return;
    }
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#append(bytes);
    this.#start();
  }

  /** Lines that are waiting and those that follow go to `fd`. */
  redirect(fd: number): void {
    this.#released.push(this.#fd);
    this.#fd = fd;
    this.#releaseUnused();
  }

  /** Resolves when everything is written, at the latest after `limitMs`; then gives the descriptor up. */
  async close(limitMs: number): Promise<void> {
    this.#closed = true;
    if (this.#writing || this.#waitingBytes > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    clearTimeout(this.#retry);
    this.#released.push(this.#fd);
    this.#releaseUnused();
  }

  /** Writes at once what it can of what waits: for the last words before the process ends. */
  flushSync(): void {
    try {
      for (const bytes of this.#waiting.splice(0)) {
        writeSync(this.#fd, bytes);
      }
    } catch {
      // The process ends and there is nowhere left to say that its log could not be written.
    }
    this.#waitingBytes = 0;
  }

  #append(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #start(): void {
    if (this.#writing || this.#retry || this.#waiting.length === 0) {
      return;
    }
    const bytes = this.#take();
    this.#writing = true;
    write(this.#fd, bytes, (error, written) => {
      this.#writing = false;
      this.#releaseUnused();
      this.#giveBack(bytes.subarray(error ? 0 : written));
      this.#noteDropped();
      if (error) {
        this.#retryLater();
      } else {
        this.#start();
      }
      if (!this.#writing && this.#waitingBytes === 0) {
        for (const resolve of this.#idle.splice(0)) {
          resolve();
        }
      }
    });
  }

  #take(): Buffer {
    let count = 0;
    let size = 0;
    for (const bytes of this.#waiting) {
      if (count > 0 && size + bytes.length > MAX_WRITE_BYTES) {
        break;
      }
      count += 1;
      size += bytes.length;
    }
    this.#waitingBytes -= size;
    return Buffer.concat(this.#waiting.splice(0, count), size);
  }

  #giveBack(rest: Buffer): void {
    if (rest.length > 0) {
      this.#waiting.unshift(rest);
      this.#waitingBytes += rest.length;
    }
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#start();
    }, RETRY_MS);
    // A full disk must not keep a process alive that has nothing else to do.
    this.#retry.unref();
  }

  #noteDropped(): void {
    if (this.#dropped > 0 && this.#waitingBytes < MAX_WAITING_BYTES / 2) {
      this.#append(Buffer.from(`... ${this.#dropped} log lines dropped, writing is too slow\n`));
      this.#dropped = 0;
    }
  }

  #releaseUnused(): void {
    if (!this.#writing) {
      for (const fd of this.#released.splice(0)) {
        this.#release(fd);
      }
    }
  }
}
