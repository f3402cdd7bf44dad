import { errorTable } from '../errors/codes.ts';

/**
 * What is wrong with a configuration.
 *
 * - `syntax`: the text does not follow the grammar.
 * - `file`: a file is missing or cannot be read, or includes go in circles.
 * - `directive`: a directive that this server does not know, at that place.
 * - `value`: a value outside its range, or values that contradict each other.
 */
export type ConfigFault = 'syntax' | 'file' | 'directive' | 'value';

/** Codes of the error table that refuse a configuration. */
export type ConfigErrorCode = 'CONFIG_INVALID' | 'DVR_PLAN_INVALID' | 'CASTER_UNKNOWN';

/** Where a value was written: a file and its line (1-based), or the name of an environment variable. */
export type Origin =
  | { readonly from: 'file'; readonly file: string; readonly line: number }
  | { readonly from: 'environment'; readonly name: string };

/** What else is known about a {@link ConfigError}. */
export interface ConfigErrorDetail {
  /** `CONFIG_INVALID` unless the table has a code for just this. */
  readonly code?: ConfigErrorCode | undefined;
  /** Dotted path of the directive, e.g. `vhost.hls.hls_fragment`. */
  readonly path?: string | undefined;
  readonly origin?: Origin | undefined;
  /** What the operator may do about it, in one sentence without a full stop. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A configuration that the server does not start with (scope: process). The message begins with
 * `file:line: ` or `environment NAME: ` where that is known.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly fault: ConfigFault;
  readonly code: ConfigErrorCode;
  /** Number of the code, which scripts know from SRS. */
  readonly number: number;
  /** Exit codes are 8 bits wide, so a shell sees 1023 as 255. */
  readonly exitCode: number;
  readonly path: string | undefined;
  readonly origin: Origin | undefined;
  readonly hint: string | undefined;

  constructor(fault: ConfigFault, what: string, detail: ConfigErrorDetail = {}) {
    const place = detail.origin ? `${describeOrigin(detail.origin)}: ` : '';
    const hint = detail.hint ? ` (${detail.hint})` : '';
    super(`${place}${what}${hint}`, detail.cause === undefined ? {} : { cause: detail.cause });
    this.fault = fault;
    this.code = detail.code ?? 'CONFIG_INVALID';
    this.number = errorTable[this.code].number;
    this.exitCode = this.number & 0xff;
    this.path = detail.path;
    this.origin = detail.origin;
    this.hint = detail.hint;
  }

  /** File of the fault, when it came from a file. */
  get file(): string | undefined {
    return this.origin?.from === 'file' ? this.origin.file : undefined;
  }

  /** Line of the fault, 1-based, when it came from a file. */
  get line(): number | undefined {
    return this.origin?.from === 'file' ? this.origin.line : undefined;
  }
}

/** `conf/srs.conf:12` or `environment SRS_LISTEN`. */
export function describeOrigin(origin: Origin): string {
  return origin.from === 'file' ? `${origin.file}:${origin.line}` : `environment ${origin.name}`;
}
