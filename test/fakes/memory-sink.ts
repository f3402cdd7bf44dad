import type { LogLevel } from '../../src/log/level.ts';
import type { LogSink } from '../../src/log/sink.ts';

/** Keeps log lines for a test to look at. */
export class MemorySink implements LogSink {
  readonly lines: string[] = [];
  reopened = 0;
  closed = false;

  write(line: string, _level: LogLevel): void {
    this.lines.push(line);
  }

  reopen(): void {
    this.reopened += 1;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Lines that hold a text. */
  with(text: string): readonly string[] {
    return this.lines.filter((line) => line.includes(text));
  }
}
