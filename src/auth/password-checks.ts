import { createHmac, randomBytes } from 'node:crypto';
import type { UserEntry } from '../config/millrace-config.ts';
import { ServerError } from '../errors/server-error.ts';
import { hashPassword, isPassword, parsePasswordHash } from './password.ts';

/** Checks at once: each takes a thread of the pool, which looks up names and writes the log too. */
const MAX_CHECKS = 2;
/** Checks that wait. */
const MAX_WAITING = 256;
/** Passwords that were right are known again for so long, so that viewers do not cost a hash each. */
const REMEMBER_MS = 10 * 60_000;
const MAX_REMEMBERED = 1000;
/** Wrong passwords of one address in a minute. */
const MAX_FAILURES = 20;
const FAILURE_WINDOW_MS = 60_000;
const MAX_ADDRESSES = 10_000;

interface Failures {
  count: number;
  readonly until: number;
}

/** Tells right passwords from wrong ones, at a bounded cost, whoever asks how often. */
export class PasswordChecks {
  readonly #now: () => number;
  /** Of this server only: what is remembered is no hash that could be guessed against. */
  readonly #key = randomBytes(32);
  readonly #remembered = new Map<string, number>();
  readonly #failures = new Map<string, Failures>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #decoy: Promise<string> | undefined;

  /** @param now  monotonic clock, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * @param user      undefined for a name that is not known, which takes as long to refuse.
   * @param password  as it was given.
   * @param ip        who tries.
   * @throws ServerError `CREDENTIALS_WRONG`, `ATTEMPTS_TOO_MANY`, `QUEUE_FULL`.
   */
  async check(user: UserEntry | undefined, password: string, ip: string): Promise<void> {
    const mark = user && this.#markOf(user, password);
    if (mark !== undefined && this.#remembers(mark)) {
      return;
    }
    if (this.#failuresOf(ip) >= MAX_FAILURES) {
      throw new ServerError('ATTEMPTS_TOO_MANY');
    }
    await this.#begin();
    let isRight = false;
    try {
      const stored = parsePasswordHash(user?.hash ?? (await this.#decoyHash()));
      isRight = stored !== undefined && (await isPassword(password, stored)) && user !== undefined;
    } finally {
      this.#end();
    }
    if (!isRight || mark === undefined) {
      this.#noteFailure(ip);
      throw new ServerError('CREDENTIALS_WRONG');
    }
    this.#remember(mark);
  }

  #markOf({ name, hash }: UserEntry, password: string): string {
    const text = JSON.stringify([name, hash, password]);
    return createHmac('sha256', this.#key).update(text).digest('base64');
  }

  #remembers(mark: string): boolean {
    const until = this.#remembered.get(mark);
    return until !== undefined && until > this.#now();
  }

  #remember(mark: string): void {
    this.#remembered.delete(mark);
    this.#remembered.set(mark, this.#now() + REMEMBER_MS);
    dropOldest(this.#remembered, MAX_REMEMBERED);
  }

  #failuresOf(ip: string): number {
    const found = this.#failures.get(ip);
    return found && found.until > this.#now() ? found.count : 0;
  }

  #noteFailure(ip: string): void {
    const found = this.#failures.get(ip);
    if (found && found.until > this.#now()) {
      found.count += 1;
      return;
    }
    this.#failures.delete(ip);
    this.#failures.set(ip, { count: 1, until: this.#now() + FAILURE_WINDOW_MS });
    dropOldest(this.#failures, MAX_ADDRESSES);
  }

  async #begin(): Promise<void> {
    if (this.#running < MAX_CHECKS) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new ServerError('QUEUE_FULL', `${MAX_WAITING} passwords wait to be checked`);
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place goes to the next who waits. */
  #end(): void {
    const next = this.#waiting.shift();
    if (next) {
      next();
    } else {
      this.#running -= 1;
    }
  }

  #decoyHash(): Promise<string> {
    this.#decoy ??= hashPassword(randomBytes(16).toString('hex'));
    return this.#decoy;
  }
}

/** Maps keep the order in which keys were added. */
function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) {
      return;
    }
    map.delete(key);
  }
}
