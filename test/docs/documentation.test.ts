import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configReference, REFERENCE_PATH } from '../../scripts/generate-config-reference.ts';
import { FULL_CONF_PATH, fullConf } from '../../scripts/generate-full-conf.ts';
import { loadConfig } from '../../src/config/load.ts';
import { describeDirectives } from '../../src/config/schema/describe.ts';
import { errorTable } from '../../src/errors/codes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every page of the project, relative to its root. */
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].sort();

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

function codeBlocks(markdown: string): readonly CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', text = '']) => ({ language, text }),
  );
}

/** What a page says in words: without its code blocks. */
function prose(markdown: string): string {
  return markdown.replace(/^```\w*\n[\s\S]*?^```$/gm, '');
}

/** Words set as code, without arguments: `hls_fragment` and `hls_fragment 2;` alike. */
function codeWords(markdown: string): readonly string[] {
  return [...prose(markdown).matchAll(/`([^`\n]+)`/g)].map(
    ([, text = '']) => text.split(/[\s;={]/)[0] ?? '',
  );
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/ /g, '-');
}

function anchors(markdown: string): readonly string[] {
  return [...prose(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

function brokenLinks(page: string): readonly string[] {
  const broken: string[] = [];
  for (const [, target = ''] of prose(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) {
      continue;
    }
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(root, page) : join(root, dirname(page), path);
    const known = existsSync(file) && !relative(root, file).startsWith('..');
    const found =
      anchor === undefined || (known && anchors(readFileSync(file, 'utf8')).includes(anchor));
    if (!known || !found) {
      broken.push(target);
    }
  }
  return broken;
}

const directives = describeDirectives();
const directivePaths = new Set(directives.map(({ path }) => path));
const blockPaths = new Set(
  [...directivePaths].flatMap((path) =>
    path.split('.').map((_, index, parts) => parts.slice(0, index).join('.')),
  ),
);
const directiveNames = new Set(directives.map(({ spec }) => spec.name));
/** What is taken and ignored, which the reference says. */
const ignoredNames = new Set(
  [...configReference().matchAll(/^`(\w+)` is taken and ignored/gm)].map(([, name]) => name),
);
const variables = new Set([
  ...directives.flatMap(({ envNames }) => envNames),
  'SRS_CONFIG_FILE',
  'SRS_ENV_ONLY',
  'SRS_DEVICE_IP',
]);

/** Names of the kernel and of protocols that look like codes of errors. */
const FOREIGN_NAMES = new Set([
  'NODE_EXTRA_CA_CERTS',
  'SO_REUSEPORT',
  'RESOLVE_BENEATH',
  'SIG_BLOCK',
  'TCP_NODELAY',
]);

/** Whether the word can only be meant as a directive or block of the configuration. */
function looksLikeDirective(word: string): boolean {
  const [first = ''] = word.split('.');
  const isPath = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(word) && blockPaths.has(first);
  return isPath || /^hls_(?!ctx$)[a-z0-9_]+$/.test(word);
}

/** A directive, a block, or the end of a directive's path: `security.allow` is `vhost.security.allow`. */
function isDirective(word: string): boolean {
  return (
    directivePaths.has(word) ||
    blockPaths.has(word) ||
    directiveNames.has(word) ||
    ignoredNames.has(word) ||
    [...directivePaths].some((path) => path.endsWith(`.${word}`))
  );
}

describe.each(pages)('%s', (page) => {
  const markdown = textOf(page);

  it('links to what is there', () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('names errors and variables that exist', () => {
    const names = codeWords(markdown).filter((word) => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(word));
    const unknown = names.filter(
      (name) => !(name in errorTable) && !variables.has(name) && !FOREIGN_NAMES.has(name),
    );
    expect(unknown).toEqual([]);
  });

  it('names directives that exist', () => {
    const unknown = codeWords(markdown).filter((w) => looksLikeDirective(w) && !isDirective(w));
    expect(unknown).toEqual([]);
  });

  it('shows configurations that a server starts with', () => {
    for (const { text } of codeBlocks(markdown).filter(({ language }) => language === 'conf')) {
      const loaded = loadConfig({ file: 'x.conf', env: {}, readFile: () => text });
      expect(loaded.warnings).toEqual([]);
      expect(loaded.accepted).toEqual([]);
    }
  });

  it('closes its code blocks', () => {
    expect((markdown.match(/^```/gm) ?? []).length % 2).toBe(0);
  });
});

describe('the pages together', () => {
  it(`include ${REFERENCE_PATH} as the tables generate it`, () => {
    expect(textOf(REFERENCE_PATH)).toBe(configReference());
  });

  it(`include ${FULL_CONF_PATH} as the tables generate it, which says what the defaults are`, () => {
    expect(textOf(FULL_CONF_PATH)).toBe(fullConf());
    const { config } = loadConfig({ file: join(root, FULL_CONF_PATH), env: {} });
    const readFile = () => 'listen 1935; vhost __defaultVhost__ { }';
    expect(config).toEqual(loadConfig({ file: 'least.conf', env: {}, readFile }).config);
  });

  it('document every error', () => {
    const page = textOf('docs/errors.md');
    for (const [code, { number }] of Object.entries(errorTable)) {
      expect(page).toContain(`| ${number} | \`${code}\` |`);
    }
  });
});
