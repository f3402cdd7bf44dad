import { ConfigError, describeOrigin, type Origin } from './config-error.ts';
import { childrenNamed, type Directive, originOf } from './directive.ts';
import {
  describeDirectives,
  envNames,
  inheritTraits,
  joinPath,
  type KnownTraits,
  ROOT_TRAITS,
} from './schema/describe.ts';
import { linesOf } from './schema/kinds.ts';
import { rootSchema } from './schema/root.ts';
import type { AnyBlock, AnyDirective, AnyRepeated } from './schema/spec.ts';
import { nearestName } from './suggestion.ts';

/** Environment variables, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Values that were set, in the shape of the typed configuration; what was not set is absent. */
export type SetValues = Record<string, unknown>;

/** What a tree and an environment hold. */
export interface TreeReading {
  readonly values: SetValues;
  /** Where each value was set, by its dotted field, e.g. `vhosts.0.hls.fragmentMs`. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly warnings: readonly string[];
}

/**
 * Reads a tree (old spellings already replaced) and lays the environment over it.
 * @throws ConfigError `directive` for an unknown directive, `value` for one that cannot
 *   be read. Ranges marked `error` are not looked at here.
 */
export function readTree(root: Directive, env: Environment): TreeReading {
  const reader = new TreeReader(env);
  const values = reader.block(rootSchema, root, '', '', inheritTraits(ROOT_TRAITS, rootSchema));
  return { values, origins: reader.origins, warnings: [...reader.warnings] };
}

class TreeReader {
  readonly origins = new Map<string, Origin>();
  /** A set: one environment variable is read once per vhost. */
  readonly warnings = new Set<string>();
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /**
   * Reads one block.
   * @param node   the block in the file, if it stands there; the environment may set fields anyway.
   * @param path   dotted path of the block in the file.
   * @param field  dotted path of the block in the typed configuration.
   */
  block(
    spec: AnyBlock | AnyRepeated,
    node: Directive | undefined,
    path: string,
    field: string,
    traits: KnownTraits,
  ): SetValues {
    if (node) {
      this.#checkNames(spec, node, path);
    }
    return this.#fields(spec, node, path, field, traits);
  }

  #fields(
    block: AnyBlock | AnyRepeated,
    node: Directive | undefined,
    path: string,
    field: string,
    outer: KnownTraits,
  ): SetValues {
    const values: SetValues = {};
    for (const [key, spec] of Object.entries(block.fields)) {
      const childPath = joinPath(path, spec.name);
      const childField = joinPath(field, key);
      const traits = inheritTraits(outer, spec);
      const value = this.#field(spec, node, childPath, childField, traits);
      if (value !== undefined) {
        values[key] = value;
      }
    }
    return values;
  }

  #field(
    spec: AnyDirective | AnyBlock | AnyRepeated,
    node: Directive | undefined,
    path: string,
    field: string,
    traits: KnownTraits,
  ): unknown {
    switch (spec.node) {
      case 'directive':
        return this.#directive(spec, childrenNamed(node, spec.name), path, field, traits);
      case 'block': {
        if (spec.name === '') {
          return this.#fields(spec, node, path, field, traits);
        }
        return this.block(spec, childrenNamed(node, spec.name)[0], path, field, traits);
      }
      case 'repeated':
        return this.#repeated(spec, childrenNamed(node, spec.name), path, field, traits);
    }
  }

  #repeated(
    spec: AnyRepeated,
    found: readonly Directive[],
    path: string,
    field: string,
    traits: KnownTraits,
  ): readonly SetValues[] {
    return countingOnes(spec, found).map((node, index) => {
      const at = `${field}.${index}`;
      this.origins.set(at, originOf(node));
      return { [spec.key]: node.args[0] ?? '', ...this.block(spec, node, path, at, traits) };
    });
  }

  #directive(
    spec: AnyDirective,
    found: readonly Directive[],
    path: string,
    field: string,
    traits: KnownTraits,
  ): unknown {
    let lines = linesOf(spec.kind, found);
    let origin: Origin | undefined = found[0] && originOf(found[0]);
    for (const name of envNames(path, traits.env)) {
      const text = this.#env[name];
      // An empty variable is how a container file says "not set".
      if (text !== undefined && text !== '') {
        lines = [spec.kind.isList ? text.split(' ').filter((word) => word !== '') : [text]];
        origin = { from: 'environment', name };
        break;
      }
    }
    if (
      lines.length === 0 ||
      origin === undefined ||
      (lines.length === 1 && lines[0]?.length === 0)
    ) {
      return undefined;
    }

    const reading = spec.kind.read(lines);
    if ('fault' in reading) {
      throw new ConfigError('value', `${path}: ${reading.fault}`, {
        path,
        origin,
        code: spec.faultCode,
      });
    }
    const value = this.#withinRange(spec, reading.value, path, origin);
    if (value !== undefined) {
      this.origins.set(field, origin);
    }
    return value;
  }

  #withinRange(spec: AnyDirective, value: unknown, path: string, origin: Origin): unknown {
    const { range } = spec;
    if (!range || typeof value !== 'number' || range.outside === 'error') {
      return value;
    }
    if (value >= range.min && value <= range.max) {
      return value;
    }
    const used =
      range.outside === 'clamp' ? Math.min(range.max, Math.max(range.min, value)) : undefined;
    this.#warn(
      origin,
      `${path} is ${value}, outside ${range.min} to ${range.max}; ` +
        `${used ?? 'the default'} is used`,
    );
    return used;
  }

  #checkNames(spec: AnyBlock | AnyRepeated, node: Directive, path: string): void {
    const known = namesIn(spec);
    const seen = new Map<string, Directive>();
    if (path !== '' && !node.isBlock) {
      this.#warn(originOf(node), `${path} is a block: write ${node.name} { ... }`);
    }
    for (const child of node.children) {
      const childPath = joinPath(path, child.name);
      const childSpec = known.get(child.name);
      if (childSpec === undefined) {
        this.#unknown(spec, child, childPath, [...known.keys()]);
        continue;
      }
      if (typeof childSpec === 'string') {
        this.#warn(originOf(child), `${childPath} is ignored: ${childSpec}`);
        continue;
      }
      this.#checkRepetition(childSpec, child, childPath, seen);
    }
  }

  #checkRepetition(
    spec: AnyDirective | AnyBlock | AnyRepeated,
    child: Directive,
    path: string,
    seen: Map<string, Directive>,
  ): void {
    const again = againRule(spec);
    if (again === 'counts') {
      return;
    }
    const key = spec.node === 'repeated' ? `${child.name} ${child.args[0] ?? ''}` : child.name;
    const first = seen.get(key);
    if (!first) {
      seen.set(key, child);
      return;
    }
    const origin = originOf(child);
    const firstPlace = describeOrigin(originOf(first));
    if (again === 'error') {
      throw new ConfigError('directive', `a second "${key.trimEnd()}" in one block`, {
        path,
        origin,
        hint: `the first one is at ${firstPlace}`,
      });
    }
    this.#warn(origin, `${path} stands here again; the one at ${firstPlace} counts`);
  }

  #unknown(
    block: AnyBlock | AnyRepeated,
    child: Directive,
    path: string,
    known: readonly string[],
  ): void {
    const hint = hintFor(child.name, known);
    const what = `unknown directive "${path}"`;
    const origin = originOf(child);
    if (block.unknown === 'warning') {
      this.#warn(origin, `${what} is ignored${hint ? ` (${hint})` : ''}`);
      return;
    }
    throw new ConfigError('directive', what, { path, origin, hint });
  }

  #warn(origin: Origin, what: string): void {
    this.warnings.add(`${describeOrigin(origin)}: ${what}`);
  }
}

function againRule(spec: AnyDirective | AnyBlock | AnyRepeated): 'counts' | 'warning' | 'error' {
  switch (spec.node) {
    case 'directive':
      return spec.kind.reads === 'all' ? 'counts' : 'warning';
    case 'block':
      return spec.again ?? 'warning';
    case 'repeated':
      return spec.again ?? 'counts';
  }
}

/** The blocks that count: of two with the same first argument only the first, unless both do. */
function countingOnes(spec: AnyRepeated, found: readonly Directive[]): readonly Directive[] {
  if (againRule(spec) === 'counts') {
    return found;
  }
  const byKey = new Map<string, Directive>();
  for (const node of found) {
    const key = node.args[0] ?? '';
    byKey.set(key, byKey.get(key) ?? node);
  }
  return [...byKey.values()];
}

/** What may stand in a block by its spelling; for what is ignored, the reason. */
function namesIn(
  block: AnyBlock | AnyRepeated,
): Map<string, AnyDirective | AnyBlock | AnyRepeated | string> {
  const names = new Map<string, AnyDirective | AnyBlock | AnyRepeated | string>(
    Object.entries(block.ignored ?? {}),
  );
  for (const spec of Object.values(block.fields)) {
    if (spec.node === 'block' && spec.name === '') {
      for (const [name, inner] of namesIn(spec)) {
        names.set(name, inner);
      }
    } else {
      names.set(spec.name, spec);
    }
  }
  return names;
}

function hintFor(name: string, known: readonly string[]): string | undefined {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) {
    return `did you mean "${nearest}"?`;
  }
  const elsewhere = describeDirectives().find(({ spec }) => spec.name === name);
  return elsewhere && `it belongs in ${parentOf(elsewhere.path)}`;
}

function parentOf(path: string): string {
  const dot = path.lastIndexOf('.');
  return dot < 0 ? 'the root' : `"${path.slice(0, dot)}"`;
}
