import { ConfigError, describeOrigin, type Origin } from './config-error.ts';
import { childrenNamed, type Directive, originOf } from './directive.ts';
import type { Environment } from './environment.ts';
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
import { RTMP_NAMES_IN_ROOT } from './transform.ts';

/** Values that were set, in the shape of the typed configuration; what was not set is absent. */
export type SetValues = Record<string, unknown>;

/** What a tree and an environment hold. */
export interface TreeReading {
  readonly values: SetValues;
  /** Where each value and block stands, by its dotted field, e.g. `vhosts.0.hls.fragmentMs`. */
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
  const values = reader.block(rootSchema, root, {
    path: '',
    field: '',
    traits: inheritTraits(ROOT_TRAITS, rootSchema),
    isOff: false,
  });
  return { values, origins: reader.origins, warnings: [...reader.warnings] };
}

/** Where the reader is. */
interface Place {
  /** Dotted path in the file, e.g. `vhost.hls`. */
  readonly path: string;
  /** Dotted path in the typed configuration, e.g. `vhosts.0.hls`. */
  readonly field: string;
  readonly traits: KnownTraits;
  /** Whether this lies in a block that is not enabled: nothing in it may then stop the start. */
  readonly isOff: boolean;
}

class TreeReader {
  readonly origins = new Map<string, Origin>();
  /** A set: one environment variable is read once per vhost. */
  readonly warnings = new Set<string>();
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** @param node  the block in the file, if it stands there; the environment may set fields anyway. */
  block(spec: AnyBlock | AnyRepeated, node: Directive | undefined, place: Place): SetValues {
    if (node) {
      this.origins.set(place.field, originOf(node));
      this.#checkNames(spec, node, place.path);
    }
    return this.#fields(spec, node, place);
  }

  #fields(block: AnyBlock | AnyRepeated, node: Directive | undefined, outer: Place): SetValues {
    const values: SetValues = {};
    let { isOff } = outer;
    for (const [key, spec] of Object.entries(block.fields)) {
      const place: Place = {
        path: joinPath(outer.path, spec.name),
        field: joinPath(outer.field, key),
        traits: inheritTraits(outer.traits, spec),
        isOff,
      };
      const value = this.#field(spec, node, place);
      if (value !== undefined) {
        values[key] = value;
      }
      // The tables put `enabled` first, so it is known before what depends on it.
      if (key === 'enabled' && spec.node === 'directive') {
        isOff ||= (value ?? spec.default) === false;
      }
    }
    return values;
  }

  #field(
    spec: AnyDirective | AnyBlock | AnyRepeated,
    node: Directive | undefined,
    place: Place,
  ): unknown {
    const found = childrenNamed(node, spec.name);
    switch (spec.node) {
      case 'directive':
        return this.#directive(spec, found, place);
      case 'block':
        return spec.name === ''
          ? this.#fields(spec, node, place)
          : this.block(spec, found[0], place);
      case 'repeated':
        return this.#repeated(spec, found, place);
    }
  }

  #repeated(spec: AnyRepeated, found: readonly Directive[], place: Place): readonly SetValues[] {
    return countingOnes(spec, found).map((node, index) => {
      const field = `${place.field}.${index}`;
      return {
        [spec.key]: node.args[0] ?? '',
        ...this.block(spec, node, { ...place, field }),
      };
    });
  }

  #directive(spec: AnyDirective, found: readonly Directive[], place: Place): unknown {
    const written = this.#fromEnvironment(spec, place) ?? fromFile(spec, found);
    if (!written) {
      return undefined;
    }
    const { lines, origin } = written;
    const { path } = place;
    const reading = spec.kind.read(lines);
    if ('fault' in reading) {
      const what = `${path}: ${reading.fault}`;
      if (place.isOff) {
        this.#warn(origin, what);
        return undefined;
      }
      throw new ConfigError('value', what, { path, origin, code: spec.faultCode });
    }
    const value = this.#withinRange(spec, reading.value, origin, place);
    if (value !== undefined) {
      this.origins.set(place.field, origin);
    }
    return value;
  }

  #fromEnvironment(spec: AnyDirective, { path, traits }: Place): Written | undefined {
    for (const name of envNames(path, traits.env)) {
      const text = this.#env[name];
      // An empty variable is how a container file says "not set".
      if (text !== undefined && text !== '') {
        const words = spec.kind.isList ? text.split(' ').filter((word) => word !== '') : [text];
        return words.length > 0
          ? { lines: [words], origin: { from: 'environment', name } }
          : undefined;
      }
    }
    return undefined;
  }

  #withinRange(spec: AnyDirective, value: unknown, origin: Origin, place: Place): unknown {
    const { range } = spec;
    if (!range || typeof value !== 'number' || (value >= range.min && value <= range.max)) {
      return value;
    }
    if (range.outside === 'error' && !place.isOff) {
      return value; // Validation refuses it, for files and objects alike.
    }
    const used =
      range.outside === 'clamp' ? Math.min(range.max, Math.max(range.min, value)) : undefined;
    this.#warn(
      origin,
      `${place.path} is ${value}, outside ${range.min} to ${range.max}; ` +
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
    const hint = hintFor(
      child.name,
      path === child.name ? [...known, ...RTMP_NAMES_IN_ROOT] : known,
    );
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

/** The words of a directive and where they were found. */
interface Written {
  readonly lines: readonly (readonly string[])[];
  readonly origin: Origin;
}

function fromFile({ kind }: AnyDirective, found: readonly Directive[]): Written | undefined {
  const [first] = found;
  const lines = linesOf(kind, found);
  return first && lines.length > 0 ? { lines, origin: originOf(first) } : undefined;
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
