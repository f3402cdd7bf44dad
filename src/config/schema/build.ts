import type { ConfigErrorCode } from '../config-error.ts';
import type { Endpoint } from '../endpoint.ts';
import * as kinds from './kinds.ts';
import type { BlockSpec, DirectiveSpec, Fields, Range, RepeatedSpec, Traits } from './spec.ts';

/** What may follow name, default and text of a directive. */
export interface Options extends Traits {
  readonly defaultText?: string;
  readonly range?: Range;
  readonly faultCode?: ConfigErrorCode;
}

/** `T` when there is a default, else maybe undefined. */
type Optional<T, D> = D extends undefined ? T | undefined : T;
type Make<T> = <D extends T | undefined>(
  name: string,
  initial: D,
  doc: string,
  options?: Options,
) => DirectiveSpec<Optional<T, D>>;

function directive<T>(kind: kinds.Kind<NonNullable<T>>, always: Options = {}): Make<T> {
  return <D extends T | undefined>(name: string, initial: D, doc: string, options: Options = {}) =>
    ({
      node: 'directive',
      name,
      kind,
      default: initial,
      doc,
      ...always,
      ...options,
    }) as unknown as DirectiveSpec<Optional<T, D>>;
}

/** Numbers of which less is an accident: a negative duration or size means the default. */
function atLeast(min: number, max: number): Options {
  return { range: { min, max, outside: 'default' } };
}

/** 30 years: no duration is longer, and sums of some stay exact. */
const MAX_MS = 1e12;

export const b0 = directive<boolean>(kinds.B0);
export const b1 = directive<boolean>(kinds.B1);
export const int = directive<number>(kinds.INT);
export const float = directive<number>(kinds.FLOAT);
export const bytes = directive<number>(kinds.BYTES, atLeast(0, Number.MAX_SAFE_INTEGER));
export const ms = directive<number>(kinds.MILLISECONDS, atLeast(0, MAX_MS));
export const floatMs = directive<number>(kinds.FLOAT_MILLISECONDS, atLeast(0, MAX_MS));
export const seconds = directive<number>(kinds.SECONDS, atLeast(0, MAX_MS));
export const wholeSeconds = directive<number>(kinds.WHOLE_SECONDS, atLeast(0, MAX_MS));
export const text = directive<string>(kinds.TEXT);
export const path = directive<string>(kinds.PATH);
export const url = directive<string>(kinds.URL_TEXT);
export const template = directive<string>(kinds.TEMPLATE);
export const accessRules = directive<readonly kinds.AccessRule[]>(kinds.ACCESS_RULES);
export const tokenKeys = directive<readonly kinds.TokenKey[]>(kinds.TOKEN_KEYS);
export const users = directive<readonly kinds.UserEntry[]>(kinds.USERS);
export const commandLines = directive<readonly (readonly string[])[]>(kinds.COMMAND_LINES);
export const freeBlock = directive<readonly (readonly string[])[]>(kinds.FREE_BLOCK);
export const list = directive<readonly string[]>(kinds.LIST);
export const networks = directive<readonly string[]>(kinds.NETWORKS);
export const endpoints = directive<readonly Endpoint[]>(kinds.ENDPOINTS);

/** `listen` on a port of every interface. */
export function port(number: number): readonly Endpoint[] {
  return [{ address: '0.0.0.0', port: number }];
}

/**
 * One of `words`.
 * @param otherwise  what any other word means; undefined makes it an error.
 */
export function word<const W extends string, const D extends W | undefined>(
  name: string,
  words: readonly W[],
  initial: D,
  otherwise: W | undefined,
  doc: string,
  options: Options = {},
): DirectiveSpec<Optional<W, D>> {
  return directive<W>(kinds.oneOf(words, otherwise) as kinds.Kind<NonNullable<W>>)(
    name,
    initial,
    doc,
    options,
  );
}

/** Some of `words`. */
export function words<const W extends string>(
  name: string,
  choice: readonly W[],
  initial: readonly W[],
  doc: string,
  options: Options = {},
): DirectiveSpec<readonly W[]> {
  return directive<readonly W[]>(kinds.someOf(choice))(name, initial, doc, options);
}

/** What may follow the fields of a block. */
export type BlockOptions = Traits & Pick<BlockSpec<Fields>, 'ignored' | 'unknown' | 'again'>;

export function block<F extends Fields>(
  name: string,
  doc: string,
  fields: F,
  options: BlockOptions = {},
): BlockSpec<F> {
  return { node: 'block', name, doc, fields, ...options };
}

/** Fields that stand directly in the block above and are grouped in the typed configuration only. */
export function group<F extends Fields>(fields: F, options: BlockOptions = {}): BlockSpec<F> {
  return block('', '', fields, options);
}

export function repeated<K extends string, F extends Fields>(
  name: string,
  key: K,
  doc: string,
  fields: F,
  options: BlockOptions = {},
): RepeatedSpec<K, F> {
  return { node: 'repeated', name, key, doc, fields, ...options };
}
