import { errorTable } from '../errors/codes.ts';
import { describeError, errorCodeFrom } from '../errors/server-error.ts';
import { randomId } from '../identity/random-id.ts';

/** How far a reload is, as SRS numbers it. */
const STATE = { init: 0, parsing: 10, finished: 90 } as const;

/** What became of a reload. */
export interface ReloadOutcome {
  /** 0, or the number of an error. */
  readonly err: number;
  readonly msg: string;
  readonly state: number;
  /** Names the reload; empty before the first one. */
  readonly rid: string;
}

/** Reloads that the API was asked for: one at a time, done after the answer. */
export class ReloadRequests {
  readonly #reload: (() => void | Promise<void>) | undefined;
  #last: ReloadOutcome = { err: 0, msg: 'Success', state: STATE.init, rid: '' };
  #running = false;

  /** @param reload  reads and applies the configuration, throws when it does not; undefined: none can. */
  constructor(reload: (() => void | Promise<void>) | undefined) {
    this.#reload = reload;
  }

  /** Whether there is anything that could be reloaded. */
  get possible(): boolean {
    return this.#reload !== undefined;
  }

  get last(): ReloadOutcome {
    return this.#last;
  }

  /** Begins a reload, unless one is under way. */
  request(): void {
    if (this.#running) {
      return;
    }
    this.#running = true;
    this.#last = { err: 0, msg: 'Success', state: STATE.parsing, rid: randomId(7) };
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    const { rid } = this.#last;
    try {
      await this.#reload?.();
      this.#last = { err: 0, msg: 'Success', state: STATE.finished, rid };
    } catch (error) {
      const { number } = errorTable[errorCodeFrom(error)];
      this.#last = { err: number, msg: describeError(error), state: STATE.parsing, rid };
    } finally {
      this.#running = false;
    }
  }
}
