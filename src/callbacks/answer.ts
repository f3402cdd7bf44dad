import { ServerError } from '../errors/server-error.ts';
import type { CallbackAnswer } from './callback-client.ts';

/**
 * Whether a callback server agrees: status 200 or 201, and in the body the number 0, or an object whose
 * `code` is 0.
 * @return what the body holds.
 * @throws ServerError `CALLBACK_STATUS`, `CALLBACK_ANSWER_INVALID`, `CALLBACK_CODE`.
 */
export function checkAnswer({ status, body }: CallbackAnswer): unknown {
  if (status !== 200 && status !== 201) {
    throw new ServerError('CALLBACK_STATUS', `status ${status}`, { detail: status });
  }
  const value = parse(body);
  const code = typeof value === 'object' ? (value as { code?: unknown } | null)?.code : value;
  if (code !== 0) {
    const shown = typeof code === 'number' ? `code ${code}` : 'no code 0';
    throw new ServerError('CALLBACK_CODE', `it said ${shown}`, {
      detail: Number.isSafeInteger(code) ? (code as number) : 0,
    });
  }
  return value;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    const what = body === '' ? 'it is empty' : 'it is no JSON';
    // The error of the parser shows what a stranger wrote; what is wrong is said above.
    throw new ServerError('CALLBACK_ANSWER_INVALID', what, { cause: (cause as Error).name });
  }
}

/** Whether the same call may be understood a little later: nobody has decided about it. */
export function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof ServerError)) {
    return false;
  }
  const { code, detail } = error;
  return (
    code === 'CALLBACK_UNREACHABLE' ||
    code === 'CALLBACK_TIMEOUT' ||
    (code === 'CALLBACK_STATUS' && RETRY_STATUSES.has(detail))
  );
}

/** Too many requests, bad gateway, unavailable, gateway timeout: of a server that is not itself now. */
const RETRY_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
