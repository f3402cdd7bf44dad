import { type ErrorCode, errorTable } from './codes.ts';

/** What else is known about a {@link ServerError}. */
export interface ServerErrorDetail {
  /** The error under this one, or whatever was thrown there. */
  readonly cause?: unknown;
  /** One integer whose meaning the code gives, e.g. an errno; 0 when there is none. */
  readonly detail?: number;
}

/**
 * An error that a caller can act on; anything else that is thrown is a fault of the server. The code
 * is the promise, the message is for people.
 */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ErrorCode;
  /** Number of the code in the error table. */
  readonly number: number;
  readonly detail: number;
  /** Exit codes are 8 bits wide. */
  readonly exitCode: number;

  /** @param message  the text of the error table unless something more exact is known. */
  constructor(code: ErrorCode, message?: string, { cause, detail = 0 }: ServerErrorDetail = {}) {
    super(message ?? errorTable[code].text, cause === undefined ? {} : { cause });
    this.code = code;
    this.number = errorTable[code].number;
    this.detail = detail;
    this.exitCode = this.number & 0xff;
  }
}

/**
 * The error table's code of anything that was thrown: its own where it has one, else `INTERNAL`.
 */
export function errorCodeFrom(error: unknown): ErrorCode {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && Object.hasOwn(errorTable, code)
    ? (code as ErrorCode)
    : 'INTERNAL';
}

/**
 * An error and its causes as log lines name them: `code=1028(StreamBusy)(text) : outer : inner`.
 * At most five causes are followed, so that a circle ends.
 */
export function describeError(error: unknown): string {
  const code = errorCodeFrom(error);
  const { number, text } = errorTable[code];
  const messages: string[] = [];
  let at = error;
  for (let depth = 0; depth < 5 && at !== undefined; depth += 1) {
    // The first line: what follows is for the debugger, such as the stack of a failed require.
    const [message = ''] = (at instanceof Error ? at.message : String(at)).split('\n', 1);
    if (message !== text && message !== '') {
      messages.push(message);
    }
    at = at instanceof Error ? at.cause : undefined;
  }
  return [`code=${number}(${shortName(code)})(${text})`, ...messages].join(' : ');
}

/** `STREAM_BUSY` as log lines write it: `StreamBusy`. */
function shortName(code: ErrorCode): string {
  return code
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}
