import type { LogLevel } from '../config/millrace-config.ts';

export type { LogLevel } from '../config/millrace-config.ts';

/** Severities, the least severe first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const satisfies LogLevel[];

/** Place of each level in {@link LOG_LEVELS}: a line is written from the configured one on. */
export const severityOf: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
};
