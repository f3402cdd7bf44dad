// Generates docs/directives.md from the tables in src/config/schema/, which the server reads its configuration by.
// `tsx scripts/generate-config-reference.ts` writes the page; with --check it writes nothing and fails when it would.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { formatEndpoint } from '../src/config/endpoint.ts';
import {
  type DirectiveInfo,
  describeDirectives,
  inheritTraits,
  joinPath,
  type KnownTraits,
  ROOT_TRAITS,
} from '../src/config/schema/describe.ts';
import { ENDPOINTS, type Kind } from '../src/config/schema/kinds.ts';
import { rootSchema } from '../src/config/schema/root.ts';
import type { AnyBlock, AnyRepeated, ReloadClass } from '../src/config/schema/spec.ts';
import { inFileUnit } from '../src/config/schema/value-text.ts';

export const REFERENCE_PATH = 'docs/directives.md';

const INTRODUCTION = `# Directives

<!-- Generated from src/config/schema/ by scripts/generate-config-reference.ts. Do not edit. -->

Every directive that a configuration may hold; [configuration.md](configuration.md) says how a file is written.

- **Value**: \`B0\` is on for \`on\` alone, \`B1\` is off for \`off\` alone. \`s\` and \`ms\` are seconds and milliseconds.
- **Environment**: the variable that overwrites the directive, for all vhosts; \`-\` means that only a file sets it.
- **Reload**: what a reload (SIGHUP) does with a change: it acts \`at once\`; \`next\`, for sessions, requests and streams that begin
  after it, while those that run keep what they began with; or it takes a \`restart\`.
- **Effect**: \`accepted\` is read and checked, and has no effect in this version. The log names such directives at start.
`;

export const RELOAD = { A: 'at once', N: 'next', X: 'restart' } as const satisfies Record<
  ReloadClass,
  string
>;

/** One block of the tables, with the directives that stand in it. */
interface Section {
  readonly path: string;
  readonly spec: AnyBlock | AnyRepeated;
  readonly traits: KnownTraits;
}

/** The whole page. */
export function configReference(): string {
  const rows = uniqueRows();
  const parts = sections(rootSchema, '', inheritTraits(ROOT_TRAITS, rootSchema)).map((section) =>
    sectionText(
      section,
      rows.filter(({ path }) => parentOf(path) === section.path),
    ),
  );
  return [INTRODUCTION, ...parts.filter((part) => part !== '')].join('\n');
}

/** `vhost.min_latency` stands for two values, of which the first is the one that acts. */
function uniqueRows(): readonly DirectiveInfo[] {
  const byPath = new Map<string, DirectiveInfo>();
  for (const row of describeDirectives()) {
    if (!byPath.has(row.path)) {
      byPath.set(row.path, row);
    }
  }
  return [...byPath.values()];
}

/** Blocks in the order of the tables; groups without a name belong to the block around them. */
function sections(
  spec: AnyBlock | AnyRepeated,
  path: string,
  traits: KnownTraits,
): readonly Section[] {
  const inner = Object.values(spec.fields).flatMap((field) =>
    field.node === 'directive'
      ? []
      : sections(field, joinPath(path, field.name), inheritTraits(traits, field)),
  );
  return spec.name === '' && path === '' && spec !== rootSchema
    ? inner
    : [{ path, spec, traits }, ...inner];
}

function sectionText({ path, spec }: Section, rows: readonly DirectiveInfo[]): string {
  const ignored = Object.entries(spec.ignored ?? {});
  if (rows.length === 0 && ignored.length === 0) {
    return '';
  }
  const lines = [`## ${path === '' ? 'Root' : path}`, ''];
  if (spec.doc !== '' && path !== '') {
    lines.push(spec.doc, '');
  }
  if (rows.length > 0) {
    lines.push(
      '| Directive | Value | Default | Environment | Reload | Effect | |',
      '|---|---|---|---|---|---|---|',
      ...rows.map((row) => rowText(row)),
      '',
    );
  }
  for (const [name, why] of ignored) {
    lines.push(`${code(name)} is taken and ignored: ${why}.`, '');
  }
  return lines.join('\n');
}

function rowText(row: DirectiveInfo): string {
  const { spec, envNames, effect } = row;
  const environment = envNames.length === 0 ? '-' : envNames.map((name) => code(name)).join(' ');
  const cells = [
    code(spec.name),
    spec.kind.name,
    spec.defaultText ?? defaultText(spec.kind, spec.default),
    environment,
    RELOAD[row.reload],
    effect,
    `${spec.doc}${rangeText(row)}${row.since === 'millrace' ? ' Not in SRS.' : ''}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** A default as it would be written in a file. */
function defaultText(kind: Kind<unknown>, value: unknown): string {
  if (value === undefined) {
    return 'none';
  }
  if (typeof value === 'boolean') {
    return value ? 'on' : 'off';
  }
  if (typeof value === 'number') {
    return String(inFileUnit(kind, value));
  }
  if (kind === ENDPOINTS) {
    const endpoints = value as Parameters<typeof formatEndpoint>[0][];
    return endpoints.map((one) => code(String(one.port))).join(' ') || 'none';
  }
  if (Array.isArray(value)) {
    return value.map(String).map(code).join(' ') || 'none';
  }
  return value === '' ? 'empty' : code(String(value));
}

const OUTSIDE = {
  error: 'else the start fails',
  clamp: 'else the nearest',
  default: 'else the default',
} as const;

/** Bounds that stop accidents only, such as 30 years, are not worth a reader's time. */
const ANY_ABOVE = 1e9;

export function rangeText({ spec }: Pick<DirectiveInfo, 'spec'>): string {
  if (!spec.range || spec.range.max > ANY_ABOVE) {
    return '';
  }
  const { min, max, outside } = spec.range;
  return ` ${inFileUnit(spec.kind, min)} to ${inFileUnit(spec.kind, max)}, ${OUTSIDE[outside]}.`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

function main(): void {
  const path = fileURLToPath(new URL(`../${REFERENCE_PATH}`, import.meta.url));
  const wanted = configReference();
  if (process.argv.includes('--check')) {
    if (readFileSync(path, 'utf8') !== wanted) {
      process.stderr.write(`${REFERENCE_PATH} is stale: npm run generate\n`);
      process.exitCode = 1;
    }
    return;
  }
  writeFileSync(path, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main();
}
