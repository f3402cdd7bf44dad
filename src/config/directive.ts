import type { Origin } from './config-error.ts';

/**
 * One node of the configuration tree. A block and a directive are the same thing: `listen 1935;` has
 * arguments and no children, `vhost a.example { ... }` has both.
 */
export interface Directive {
  readonly name: string;
  /** Words after the name, without their quotes. Never holds an empty word. */
  readonly args: readonly string[];
  readonly children: readonly Directive[];
  /** True for `name { }`, also when nothing is between the braces. */
  readonly isBlock: boolean;
  /** File in which the name stands, as it was asked for. */
  readonly file: string;
  /** Line of the name, 1-based. */
  readonly line: number;
}

/** Name of the node above all directives of a file. */
export const ROOT_NAME = 'root';

/** The first child called `name`: the one that counts when a directive is written twice. */
export function childNamed(parent: Directive | undefined, name: string): Directive | undefined {
  return parent?.children.find((child) => child.name === name);
}

/** All children called `name`, in file order. */
export function childrenNamed(parent: Directive | undefined, name: string): readonly Directive[] {
  return parent?.children.filter((child) => child.name === name) ?? [];
}

/** Where the directive was written, for messages. */
export function originOf(directive: Directive): Origin {
  return { from: 'file', file: directive.file, line: directive.line };
}
