import { ConfigError, type Origin } from './config-error.ts';
import { type Directive, ROOT_NAME } from './directive.ts';
import { WordScanner } from './word-scanner.ts';

/**
 * Parser of the SRS configuration grammar: directives `name args... ;` and blocks
 * `name args... { ... }`, `#` comments, single and double quotes, and `include`.
 */

/** Returns the text of a file, or throws. Paths are as written, relative to the working directory. */
export type ReadFile = (path: string) => string;

/** Bounds on what one configuration may be made of. They stop accidents and bombs, not real files. */
export interface ParseLimits {
  /** Blocks within blocks. The deepest known directive lies 6 levels down (transcode engines). */
  readonly maxDepth: number;
  /** Files within files. */
  readonly maxIncludeDepth: number;
  /** Files in all: a file that includes the next one twice grows as 2^depth. */
  readonly maxFiles: number;
  /** Characters in all files together. */
  readonly maxCharacters: number;
}

/** The bounds used unless a caller asks for others. */
export const DEFAULT_PARSE_LIMITS: ParseLimits = {
  maxDepth: 32,
  maxIncludeDepth: 16,
  maxFiles: 1024,
  maxCharacters: 16 * 1024 * 1024,
};

/** A directive while its children are still being read. */
interface OpenBlock extends Directive {
  readonly children: Directive[];
}

/** What is counted over all files of one configuration. */
interface Progress {
  readonly readFile: ReadFile;
  readonly limits: ParseLimits;
  files: number;
  characters: number;
}

/**
 * Parses a file and everything it includes.
 * @throws ConfigError naming file and line; nothing else, whatever the bytes are.
 */
export function parseConfigFile(
  file: string,
  readFile: ReadFile,
  limits: ParseLimits = DEFAULT_PARSE_LIMITS,
): Directive {
  const root = openRoot(file);
  const progress: Progress = { readFile, limits, files: 0, characters: 0 };
  parseInto(root, 0, file, [], undefined, progress);
  return root;
}

/** Parses text that has no file, e.g. from a test or a string in memory. */
export function parseConfigText(
  text: string,
  file = 'config',
  readFile: ReadFile = () => {
    throw new Error('include is not available here');
  },
  limits: ParseLimits = DEFAULT_PARSE_LIMITS,
): Directive {
  return parseConfigFile(file, (path) => (path === file ? text : readFile(path)), limits);
}

function openRoot(file: string): OpenBlock {
  return { name: ROOT_NAME, args: [], children: [], isBlock: true, file, line: 0 };
}

/** Reads `file` and adds what it holds to `parent`, which lies `depth` blocks down. */
function parseInto(
  parent: OpenBlock,
  depth: number,
  file: string,
  includedFrom: readonly string[],
  includeOrigin: Origin | undefined,
  progress: Progress,
): void {
  const text = readText(file, includedFrom, includeOrigin, progress);
  const scanner = new WordScanner(text, file);
  const open: OpenBlock[] = [];
  let current = parent;

  for (;;) {
    const statement = scanner.next();
    if (statement.end === 'end of file') {
      if (open.length > 0) {
        throw scanner.error(
          `unexpected end of file, expecting "}" for "${current.name}" of line ${current.line}`,
        );
      }
      return;
    }
    if (statement.end === '}') {
      const outer = open.pop();
      if (!outer) {
        throw scanner.error('unexpected "}"', 'no block is open here');
      }
      current = outer;
      continue;
    }

    const [name = '', ...args] = statement.words;
    if (name === 'include') {
      if (statement.end === '{' || args.length === 0) {
        throw scanner.error('include needs file names and ";"');
      }
      const origin: Origin = { from: 'file', file, line: statement.line };
      for (const included of args) {
        parseInto(
          current,
          depth + open.length,
          included,
          [...includedFrom, file],
          origin,
          progress,
        );
      }
      continue;
    }

    const isBlock = statement.end === '{';
    const directive: OpenBlock = { name, args, children: [], isBlock, file, line: statement.line };
    current.children.push(directive);
    if (isBlock) {
      if (depth + open.length >= progress.limits.maxDepth) {
        throw scanner.error(`blocks are nested more than ${progress.limits.maxDepth} deep`);
      }
      open.push(current);
      current = directive;
    }
  }
}

function readText(
  file: string,
  includedFrom: readonly string[],
  origin: Origin | undefined,
  progress: Progress,
): string {
  const { limits } = progress;
  if (includedFrom.includes(file)) {
    throw new ConfigError('file', `"${file}" includes itself`, {
      origin,
      hint: [...includedFrom, file].join(' -> '),
    });
  }
  if (includedFrom.length > limits.maxIncludeDepth) {
    throw new ConfigError('file', `includes are more than ${limits.maxIncludeDepth} deep`, {
      origin,
    });
  }
  progress.files += 1;
  if (progress.files > limits.maxFiles) {
    throw new ConfigError('file', `more than ${limits.maxFiles} files are included`, {
      origin,
    });
  }

  let text: string;
  try {
    text = progress.readFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError('file', `no config file at ${file}`, {
      origin,
      hint: reason,
      cause,
    });
  }
  progress.characters += text.length;
  if (progress.characters > limits.maxCharacters) {
    throw new ConfigError(
      'file',
      `configuration is longer than ${limits.maxCharacters} characters`,
      { origin },
    );
  }
  return text;
}
