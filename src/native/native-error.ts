import { errorCodeFrom, ServerError } from '../errors/server-error.ts';

/** Runs a command of the addon; what it throws comes out as {@link ServerError}. */
export function callNative<T>(what: string, command: () => T): T {
  try {
    return command();
  } catch (cause) {
    const { detail, message } = cause as { detail?: unknown; message?: unknown };
    throw new ServerError(errorCodeFrom(cause), `${what}: ${String(message)}`, {
      cause,
      detail: typeof detail === 'number' ? detail : 0,
    });
  }
}
