import { errorTable } from '../errors/codes.ts';
import type { ConfigReloader, ReloadState } from '../reload/config-reloader.ts';

/** How far a reload is, as SRS numbers it. */
const STATES = { init: 0, parsing: 10, applying: 30, finished: 90 } as const satisfies Record<
  ReloadState,
  number
>;

/** What became of a reload. */
export interface ReloadOutcome {
  /** 0, or the number of an error. */
  readonly err: number;
  readonly msg: string;
  readonly state: number;
  /** Names the reload; empty before the first one. */
  readonly rid: string;
}

/** Reloads that the API is asked for, done after the answer. */
export class ReloadRequests {
  readonly #reloader: Pick<ConfigReloader, 'available' | 'last' | 'reload'>;

  constructor(reloader: Pick<ConfigReloader, 'available' | 'last' | 'reload'>) {
    this.#reloader = reloader;
  }

  /** Whether there is anything that could be reloaded. */
  get possible(): boolean {
    return this.#reloader.available;
  }

  /** Of the last reload, whoever asked for it. */
  get last(): ReloadOutcome {
    const { id, state, errorCode, message } = this.#reloader.last;
    const err = errorCode === undefined ? 0 : errorTable[errorCode].number;
    return { err, msg: err === 0 ? 'Success' : message, state: STATES[state], rid: id };
  }

  request(): void {
    setImmediate(() => void this.#reloader.reload());
  }
}
