import type { ConfigErrorCode } from '../config-error.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Kind } from './kinds.ts';

/**
 * The shape of the tables in this folder. One table describes one block: which directives it may
 * hold and everything that is known about each. The reader of files and environment, the JSON
 * Schema, the white list of names, the defaults and the reference all come from these tables.
 */

/**
 * What a reload does with a change: `A` acts at once, `N` for what begins after it (a session, a request, a
 * stream), `X` needs a restart.
 */
export type ReloadClass = 'A' | 'N' | 'X';

/** Where the directive first appeared: SRS 7.0.18 or before, a later 7.x, or here. */
export type Since = 'srs' | 'srs-7.x' | 'millrace';

/** Whether this version acts on the directive, or only takes it without complaint. */
export type Effect = 'yes' | 'accepted';

/**
 * Which environment variables overwrite a directive: none, or the one named after its path and then
 * these others, in that order.
 */
export type EnvRule = 'none' | { readonly also: readonly string[] };

/** What a number outside its range leads to. */
export type OutsideRange =
  /** The start fails. */
  | 'error'
  /** The nearest number in range is used, with a warning. */
  | 'clamp'
  /** The default is used, with a warning. */
  | 'default';

/** Numbers that a directive takes, in the unit in which the value is kept. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly outside: OutsideRange;
}

/** What directives inherit from the block they stand in, unless they say otherwise. */
export interface Traits {
  readonly reload?: ReloadClass;
  readonly since?: Since;
  readonly effect?: Effect;
  readonly env?: EnvRule;
}

/** Everything known about one directive that holds a value of type `T`. */
export interface DirectiveSpec<T> extends Traits {
  readonly node: 'directive';
  /** Spelling in the file. */
  readonly name: string;
  readonly kind: Kind<NonNullable<T>>;
  /** Value when nothing is set; undefined when there is none or it depends on others. */
  readonly default: T;
  /** Says what an undefined default stands for. */
  readonly defaultText?: string;
  readonly range?: Range;
  /** Error of a value that cannot be read, where the table has its own. */
  readonly faultCode?: ConfigErrorCode;
  readonly doc: string;
}

/** A block that stands at most once. A block without a name only groups fields of the one above. */
export interface BlockSpec<F extends Fields> extends Traits {
  readonly node: 'block';
  readonly name: string;
  readonly doc: string;
  readonly fields: F;
  /** Directives that are taken and have no meaning any more, with the reason. */
  readonly ignored?: Readonly<Record<string, string>>;
  /** What an unknown directive in it leads to; SRS does not check the names in some blocks. */
  readonly unknown?: 'error' | 'warning';
  /**
   * What a second block of that name (and first argument, where the block may stand several times)
   * leads to: it counts too, it is passed over with a warning, or the start fails.
   */
  readonly again?: 'counts' | 'warning' | 'error';
}

/** A block that may stand several times, told apart by its first argument, which becomes `key`. */
export interface RepeatedSpec<K extends string, F extends Fields>
  extends Omit<BlockSpec<F>, 'node'> {
  readonly node: 'repeated';
  readonly key: K;
}

export type AnyDirective = DirectiveSpec<unknown>;
export type AnyBlock = BlockSpec<Fields>;
export type AnyRepeated = RepeatedSpec<string, Fields>;
/** Fields of a block: the key is the name in the typed configuration. */
export interface Fields {
  readonly [field: string]: AnyDirective | AnyBlock | AnyRepeated;
}

/** The typed configuration that a table stands for, with defaults applied. */
export type ValueOf<S> =
  S extends DirectiveSpec<infer T>
    ? T
    : S extends RepeatedSpec<infer K, infer F>
      ? readonly ({ readonly [P in K]: string } & FieldValues<F>)[]
      : S extends BlockSpec<infer F>
        ? FieldValues<F>
        : never;

/** {@link ValueOf} for each field of a block. */
export type FieldValues<F> = { readonly [P in keyof F]: ValueOf<F[P]> };

/** One endpoint as a library user may write it: a port, text, or the object. */
export type EndpointInput = number | string | Endpoint;

/** What `configFromObject` takes for a table: every field may be left out. */
export type InputOf<S> =
  S extends DirectiveSpec<infer T>
    ? T extends readonly Endpoint[]
      ? EndpointInput | readonly EndpointInput[]
      : T
    : S extends RepeatedSpec<infer K, infer F>
      ? readonly ({ readonly [P in K]: string } & FieldInputs<F>)[]
      : S extends BlockSpec<infer F>
        ? FieldInputs<F>
        : never;

/** {@link InputOf} for each field of a block. */
export type FieldInputs<F> = { readonly [P in keyof F]?: InputOf<F[P]> | undefined };
