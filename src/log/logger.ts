import { LOG_LEVELS, type LogLevel, severityOf } from './level.ts';
import { formatLine } from './line.ts';
import type { LogSink } from './sink.ts';

/** What a log is made of. */
export interface LogOptions {
  readonly sink: LogSink;
  readonly level: LogLevel;
  /** UTC instead of local time in each line. */
  readonly utc: boolean;
  readonly pid: number;
  /** Wall clock in ms. */
  readonly now?: () => number;
}

/** Writes lines of one context: a session, or the server itself. */
export interface Logger {
  readonly cid: string;
  log(level: LogLevel, message: string, errno?: number): void;
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  /** @param errno  system error number, positive. */
  warn(message: string, errno?: number): void;
  error(message: string, errno?: number): void;
}

/** The log of one server: one sink, many contexts. */
export class Log {
  readonly #options: LogOptions;
  #severity: number;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#severity = severityOf[options.level];
  }

  /** Least severe level that is written. */
  get level(): LogLevel {
    return LOG_LEVELS[this.#severity] ?? 'info';
  }

  set level(level: LogLevel) {
    this.#severity = severityOf[level];
  }

  /** @param cid  context id that each line of the logger carries. */
  context(cid: string): Logger {
    const log = (level: LogLevel, message: string, errno = 0) => {
      this.#write(level, cid, message, errno);
    };
    return {
      cid,
      log,
      trace: (message) => log('trace', message),
      debug: (message) => log('debug', message),
      info: (message) => log('info', message),
      warn: (message, errno) => log('warn', message, errno),
      error: (message, errno) => log('error', message, errno),
    };
  }

  /** Opens the log file anew, for log rotation. */
  reopen(): void {
    this.#options.sink.reopen();
  }

  /** Resolves when the lines are written, or after a bounded time. */
  close(): Promise<void> {
    return this.#options.sink.close();
  }

  #write(level: LogLevel, cid: string, message: string, errno: number): void {
    if (severityOf[level] < this.#severity) {
      return;
    }
    const { sink, pid, utc, now = Date.now } = this.#options;
    sink.write(formatLine({ level, timeMs: now(), pid, cid, message, errno }, utc), level);
  }
}
