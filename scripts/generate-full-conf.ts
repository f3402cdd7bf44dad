// Generates conf/full.conf from the tables in src/config/schema/: every directive with its default, so that a server
// started with it is one that was configured with nothing but a port.
// `tsx scripts/generate-full-conf.ts` writes the file.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEFAULT_VHOST } from '../src/config/millrace-config.ts';
import {
  describeDirectives,
  envNames,
  inheritTraits,
  joinPath,
  type KnownTraits,
  ROOT_TRAITS,
} from '../src/config/schema/describe.ts';
import { rootSchema } from '../src/config/schema/root.ts';
import type { AnyBlock, AnyDirective, AnyRepeated } from '../src/config/schema/spec.ts';
import { valueTexts } from '../src/config/schema/value-text.ts';
import { RELOAD, rangeText } from './generate-config-reference.ts';

export const FULL_CONF_PATH = 'conf/full.conf';

const INTRODUCTION = `# Every directive with its default, as reference. A server that is started with this file is one that is configured with
# nothing but the port of RTMP. Copy what you need: most files need ten lines, see the others in this folder.
#
# Before each directive: what it does; its unit or words; what a reload (SIGHUP) does with a change: it acts at once, for
# what begins next, or it takes a restart; the environment variables that overwrite it, for all vhosts. Directives behind
# a # have no default that could be written here. "no effect" is accepted, so that files of SRS start unchanged.
#
# Generated from src/config/schema/ by scripts/generate-full-conf.ts. Do not edit.
`;

/** What stands for a value where the default is none; the first is needed, the others are in comments. */
const REQUIRED: Readonly<Record<string, string>> = { 'rtmp.listen': '1935' };

/** Blocks and the names by which they can be told apart in an example. */
const EXAMPLE_KEYS: Readonly<Record<string, string>> = {
  ingest: 'camera',
  engine: 'main',
  transcode: 'live/livestream',
};

const WIDTH = 118;

/** The whole file. */
export function fullConf(): string {
  const lines = blockLines(rootSchema, '', inheritTraits(ROOT_TRAITS, rootSchema), 0, 'active');
  return `${INTRODUCTION}\n${lines.join('\n').trimEnd()}\n`;
}

/** Directives first, so that what belongs to a block itself is not lost between its inner blocks. */
function blockLines(
  block: AnyBlock | AnyRepeated,
  path: string,
  traits: KnownTraits,
  depth: number,
  /** Whether it stands in a block that is a comment as a whole. */
  around: 'active' | 'comment',
): string[] {
  const fields = Object.values(block.fields);
  const own = fields.flatMap((spec) => {
    const inner = inheritTraits(traits, spec);
    if (spec.node === 'directive') {
      return directiveLines(spec, joinPath(path, spec.name), inner, depth);
    }
    return spec.name === '' ? [...blockLines(spec, path, inner, depth, around), ''] : [];
  });
  const blocks = fields.flatMap((spec) => {
    if (spec.node === 'directive' || spec.name === '') {
      return [];
    }
    const inner = inheritTraits(traits, spec);
    const childPath = joinPath(path, spec.name);
    // Of a block that may repeat there is none by default; vhost is the exception.
    const isComment = around === 'active' && spec.node === 'repeated' && spec.name !== 'vhost';
    const lines = [
      ...comment(spec.doc, depth),
      `${indent(depth)}${headOf(spec)} {`,
      ...blockLines(spec, childPath, inner, depth + 1, isComment ? 'comment' : around),
      `${indent(depth)}}`,
    ];
    return [...(isComment ? lines.map((line) => commentedOut(line)) : lines), ''];
  });
  return trimmed([...own, ...blocks]);
}

function headOf(spec: AnyBlock | AnyRepeated): string {
  const key = spec.name === 'vhost' ? DEFAULT_VHOST : EXAMPLE_KEYS[spec.name];
  return key === undefined ? spec.name : `${spec.name} ${key}`;
}

/** Directives of one spelling that stand for several values: with the first is written about all of them. */
const directives = describeDirectives();

function directiveLines(
  spec: AnyDirective,
  path: string,
  traits: KnownTraits,
  depth: number,
): string[] {
  const specs = directives.filter((row) => row.path === path).map((row) => row.spec);
  if (specs[0] !== spec) {
    return [];
  }
  const { kind, doc, defaultText } = spec;
  const variables = envNames(path, traits.env);
  const facts = [
    ...(kind.name === 'B0' || kind.name === 'B1' ? ['on or off'] : [kind.name]),
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
    `reload: ${RELOAD[traits.reload]}`,
    ...(traits.effect === 'accepted' ? ['no effect'] : []),
    ...(traits.since === 'millrace' ? ['not in SRS'] : []),
    ...(variables.length === 0 ? [] : [variables.join(' ')]),
  ];
  const required = REQUIRED[path];
  const values = required === undefined ? valueTexts(kind, spec.default) : [required];
  const [value = '""'] = values;
  // What stands for several values has several defaults, and no one word for them.
  const active = value !== '""' && specs.length === 1;
  const line = `${spec.name.padEnd(24)} ${value === '""' ? '...' : value};`;
  const lines = [`${indent(depth)}${active ? line : `#${line}`}`];
  return [
    ...comment(`${doc}${rangeText({ spec })}`, depth),
    ...comment(facts.join('; '), depth),
    ...lines,
    '',
  ];
}

function indent(depth: number): string {
  return '    '.repeat(depth);
}

/** Text as comment lines of a readable width. */
function comment(text: string, depth: number): string[] {
  const lines: string[] = [];
  let line = `${indent(depth)}#`;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line.trim() !== '#') {
      lines.push(line);
      line = `${indent(depth)}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function commentedOut(line: string): string {
  return line === '' ? '#' : `# ${line}`;
}

function trimmed(lines: readonly string[]): string[] {
  return lines.at(-1) === '' ? lines.slice(0, -1) : [...lines];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(fileURLToPath(new URL(`../${FULL_CONF_PATH}`, import.meta.url)), fullConf());
}
