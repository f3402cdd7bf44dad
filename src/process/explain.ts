import { ConfigError } from '../config/config-error.ts';
import { errorTable } from '../errors/codes.ts';
import { describeError, errorCodeFrom, ServerError } from '../errors/server-error.ts';

/** Why the program does not run, for a person at a terminal; ends with a line feed. */
export function explanation(error: unknown): string {
  if (error instanceof ConfigError) {
    return `millrace: ${error.message}\n`;
  }
  const { hint } = errorTable[errorCodeFrom(error)];
  const stack =
    error instanceof ServerError ? '' : `\n${(error as Error | undefined)?.stack ?? ''}`;
  return `millrace: ${describeError(error)}\n          ${hint}${stack}\n`;
}

/** The exit status that belongs to an error: the lower 8 bits of its number. */
export function exitStatusOf(error: unknown): number {
  return errorTable[errorCodeFrom(error)].number & 0xff;
}
