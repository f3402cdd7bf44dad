import { ConfigError } from '../config/config-error.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { MillraceConfig } from '../config/millrace-config.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { describeError, errorCodeFrom, ServerError } from '../errors/server-error.ts';
import { randomId } from '../identity/random-id.ts';
import type { Logger } from '../log/logger.ts';
import { planLines, type ReloadPlan } from './reload-plan.ts';

/** How far a reload is, or where it failed. SRS has a step more: here a file is parsed and transformed in one. */
export type ReloadState = 'init' | 'parsing' | 'applying' | 'finished';

/** How the last reload went, or goes. */
export interface ReloadReport {
  /** 7 characters that name the reload in log lines; empty when there was none yet. */
  readonly id: string;
  readonly state: ReloadState;
  /** Why it failed; undefined while and when all is well. */
  readonly errorCode: ErrorCode | undefined;
  /** What is wrong, with file and line; empty when nothing is. */
  readonly message: string;
  /** What was done, once it is finished well. */
  readonly plan: ReloadPlan | undefined;
}

/** The part of a server that reloads. */
export interface Reloadable {
  planReload(config: MillraceConfig): ReloadPlan;
  reload(config: MillraceConfig): Promise<ReloadPlan>;
}

const ID_LENGTH = 7;

/**
 * Reads the configuration anew and has the server take it over: for signals, the raw API and the watch on
 * the file. Requests that come while one waits for its turn are one with it.
 */
export class ConfigReloader {
  readonly #server: Reloadable;
  readonly #log: Logger;
  readonly #read: (() => LoadedConfig) | undefined;
  #last: ReloadReport = {
    id: '',
    state: 'init',
    errorCode: undefined,
    message: '',
    plan: undefined,
  };
  #running: Promise<ReloadReport> | undefined;
  #waiting: Promise<ReloadReport> | undefined;

  constructor(server: Reloadable, log: Logger, read: (() => LoadedConfig) | undefined) {
    this.#server = server;
    this.#log = log;
    this.#read = read;
  }

  /** Whether there is something to reload from. */
  get available(): boolean {
    return this.#read !== undefined;
  }

  get last(): ReloadReport {
    return this.#last;
  }

  /** Never rejects: what goes wrong is in the report and in the log, and nothing has changed then. */
  reload(): Promise<ReloadReport> {
    if (this.#waiting !== undefined) {
      return this.#waiting;
    }
    const before = this.#running;
    if (before === undefined) {
      return this.#start();
    }
    this.#waiting = before.then(() => {
      this.#waiting = undefined;
      return this.#start();
    });
    return this.#waiting;
  }

  #start(): Promise<ReloadReport> {
    const running = this.#reload().finally(() => {
      if (this.#running === running) {
        this.#running = undefined;
      }
    });
    this.#running = running;
    return running;
  }

  async #reload(): Promise<ReloadReport> {
    const id = randomId(ID_LENGTH);
    const report = (state: ReloadState): void => {
      this.#last = { id, state, errorCode: undefined, message: '', plan: undefined };
    };
    report('parsing');
    try {
      if (!this.#read) {
        throw new ServerError('UNSUPPORTED', 'this server was not told where to reload from');
      }
      const loaded = this.#read();
      report('applying');
      const plan = await this.#apply(id, loaded);
      this.#last = { id, state: 'finished', errorCode: undefined, message: '', plan };
    } catch (error) {
      const message = describeError(error);
      const { state } = this.#last;
      this.#last = { id, state, errorCode: errorCodeFrom(error), message, plan: undefined };
      const fault =
        error instanceof ConfigError || error instanceof ServerError ? '' : stackOf(error);
      this.#log.warn(`reload ${id} failed, nothing has changed: ${message}${fault}`);
    }
    return this.#last;
  }

  /** Tells what will be done before it is done: a log that ends there says what was tried. */
  async #apply(id: string, { config, warnings, accepted }: LoadedConfig): Promise<ReloadPlan> {
    const planned = planLines(this.#server.planReload(config));
    if (planned.length > 0) {
      logFindings(this.#log, warnings, accepted);
    }
    for (const line of planned) {
      this.#log.info(`reload ${id}: ${line}`);
    }
    const plan = await this.#server.reload(config);
    this.#log.info(`reload ${id} done${planned.length === 0 ? ', nothing has changed' : ''}`);
    const restart = plan.changes.filter(({ effect }) => effect === 'restart');
    if (restart.length > 0) {
      const names = restart.map(({ path }) => path).join(', ');
      this.#log.warn(`reload ${id}: these need a restart: ${names}`);
    }
    return plan;
  }
}

/** What is odd about a configuration that is taken all the same: at start and at reload. */
export function logFindings(
  log: Logger,
  warnings: readonly string[],
  accepted: readonly string[],
): void {
  for (const warning of warnings) {
    log.warn(warning);
  }
  if (accepted.length > 0) {
    log.warn(`accepted, but without effect in this version: ${accepted.join(', ')}`);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? ` : ${error.stack}` : '';
}
