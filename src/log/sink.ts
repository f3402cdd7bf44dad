import type { LogLevel } from './level.ts';

/** Takes finished log lines. Implementations never wait for a slow disk or reader: they drop and count. */
export interface LogSink {
  /** @param line  with its line feed. */
  write(line: string, level: LogLevel): void;
  /** Opens the file anew, for log rotation; nothing where there is no file. */
  reopen(): void;
  /** Resolves when everything is written, or after a bounded time. Lines that follow are dropped. */
  close(): Promise<void>;
}
