import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import type { Directive } from './directive.ts';
import { DEFAULT_PARSE_LIMITS, parseConfigFile, parseConfigText } from './parser.ts';

/** A tree as nested arrays: `[name, ...args, [children]]`. */
type Shape = readonly (string | readonly Shape[])[];

function shapeOf({ name, args, isBlock, children }: Directive): Shape {
  return isBlock ? [name, ...args, children.map(shapeOf)] : [name, ...args];
}

function shapesIn(text: string): readonly Shape[] {
  return parseConfigText(text).children.map(shapeOf);
}

function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('grammar', () => {
  it.each<[string, string, readonly Shape[]]>([
    ['nothing', '', []],
    ['white space only', ' \t\r\n\n', []],
    ['a directive', 'listen 1935;', [['listen', '1935']]],
    ['several arguments', 'listen 1935 1936\t1937 ;', [['listen', '1935', '1936', '1937']]],
    ['a directive without arguments', 'enabled;', [['enabled']]],
    ['an empty block', 'vhost a {}', [['vhost', 'a', []]]],
    ['a brace ends a word', 'hls{enabled on;}', [['hls', [['enabled', 'on']]]]],
    ['a brace ends an argument', 'vhost a{}', [['vhost', 'a', []]]],
    ['blocks in blocks', 'a { b { c d; } }', [['a', [['b', [['c', 'd']]]]]]],
    ['a block needs no semicolon', 'a { } b;', [['a', []], ['b']]],
    [
      'lines of Windows',
      'a b;\r\nc d;\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a byte order mark', '\uFEFFa b;', [['a', 'b']]],
    ['a comment line', '# a b;\nc;', [['c']]],
    ['a comment after a directive', 'a b;# c', [['a', 'b']]],
    ['a comment after a brace', 'a { # b\n}', [['a', []]]],
    ['a comment without line end', '# a', []],
    ['a comment character inside a word', 'a b#c;', [['a', 'b#c']]],
    ['a comment character in quotes', 'a "#b";', [['a', '#b']]],
    ['double quotes', 'a "b c; { } d";', [['a', 'b c; { } d']]],
    ['single quotes', 'a \'b "c"\';', [['a', 'b "c"']]],
    ['no escapes in quotes', 'a "b\\n";', [['a', 'b\\n']]],
    ['a line end in quotes', 'a "b\nc";', [['a', 'b\nc']]],
    ['an empty quoted word is dropped', 'a "" b;', [['a', 'b']]],
    ['a quoted name', '"a" b;', [['a', 'b']]],
    ['quotes inside a word are ordinary', `a b"c'd;`, [['a', `b"c'd`]]],
    ['a closing brace inside a word is ordinary', 'a b}c;', [['a', 'b}c']]],
    ['a brace after a quoted word', 'a "b"{}', [['a', 'b', []]]],
    ['words beyond ASCII', 'vhost ä.example { }', [['vhost', 'ä.example', []]]],
    [
      'variables are data',
      'mount [vhost]/[app]/[stream].flv;',
      [['mount', '[vhost]/[app]/[stream].flv']],
    ],
  ])('%s', (_, text, expected) => {
    expect(shapesIn(text)).toEqual(expected);
  });

  it('notes the file and the line of each name', () => {
    const { children } = parseConfigText('a;\n\n  b "x\ny";\nc {\n  d;\n}\n', 'x.conf');
    expect(children.map(({ file, line }) => [file, line])).toEqual([
      ['x.conf', 1],
      ['x.conf', 3],
      ['x.conf', 5],
    ]);
    expect(children[2]?.children[0]?.line).toBe(6);
  });
});

describe('errors', () => {
  it.each<[string, string, number, string]>([
    ['a semicolon alone', ';', 1, 'unexpected ";"'],
    ['a semicolon alone on line 3', 'a;\n\n;', 3, 'unexpected ";"'],
    ['a semicolon after a quoted nothing', '"";', 1, 'unexpected ";"'],
    ['an opening brace alone', 'a;\n{', 2, 'unexpected "{"'],
    ['a closing brace alone', 'a { }\n}', 2, 'unexpected "}"'],
    ['a closing brace after words', 'a {\n b c }', 2, 'unexpected "}"'],
    ['a line end in a directive', 'a {\n b c\n}', 2, 'unexpected end of line'],
    ['a carriage return in a directive', 'a b\rc;', 1, 'unexpected end of line'],
    ['a brace on the next line', 'vhost a\n{ }', 1, 'unexpected end of line'],
    ['a comment in a directive', 'a b # c;\n;', 1, 'unexpected end of line'],
    ['an end in a directive', 'a b', 1, 'unexpected end of file'],
    ['an end in a word', 'a;\nb', 2, 'unexpected end of file'],
    ['an end in a block', 'a {\n b;\n', 3, 'unexpected end of file, expecting "}"'],
    ['an end in quotes', 'a "b;\n', 1, 'unexpected end of file'],
    ['a word right after a quote', 'a "b"c;', 1, 'unexpected "c"'],
    ['a brace right after a quote', 'a { b "c"} ', 1, 'unexpected "}"'],
    ['include without a file', 'include;', 1, 'include needs file names'],
    ['include as a block', 'include a { }', 1, 'include needs file names'],
  ])('%s', (_, text, line, message) => {
    const error = errorOf(() => parseConfigText(text, 'x.conf'));
    expect(error.message).toContain(message);
    expect(error.message).toContain(`x.conf:${line}: `);
    expect(error).toMatchObject({ fault: 'syntax', file: 'x.conf', line });
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', number: 1023, exitCode: 255 });
  });

  it('names the word that a semicolon is missing after', () => {
    expect(errorOf(() => parseConfigText('listen 1935\n')).hint).toContain('"1935"');
  });

  it('does not repeat a long word as a whole', () => {
    expect(errorOf(() => parseConfigText('a'.repeat(100_000))).message.length).toBeLessThan(300);
  });
});

describe('include', () => {
  function parse(files: Readonly<Record<string, string>>, limits = DEFAULT_PARSE_LIMITS) {
    const read = (path: string) => {
      const text = files[path];
      if (text === undefined) {
        throw new Error(`ENOENT: ${path}`);
      }
      return text;
    };
    return parseConfigFile('main.conf', read, limits);
  }

  it('puts what files hold in its place, in order', () => {
    const root = parse({
      'main.conf': 'a; include b.conf c.conf; d;',
      'b.conf': 'b1; b2;',
      'c.conf': 'c { include b.conf; }',
    });
    expect(root.children.map(shapeOf)).toEqual([
      ['a'],
      ['b1'],
      ['b2'],
      ['c', [['b1'], ['b2']]],
      ['d'],
    ]);
    expect(root.children[1]).toMatchObject({ file: 'b.conf', line: 1 });
  });

  it('names the file that holds an error', () => {
    const files = { 'main.conf': 'a;\ninclude b.conf;', 'b.conf': 'ok;\n;\n' };
    expect(errorOf(() => parse(files))).toMatchObject({ file: 'b.conf', line: 2 });
  });

  it('does not let a file close the block of another', () => {
    const files = { 'main.conf': 'a { include b.conf; }', 'b.conf': '}' };
    expect(errorOf(() => parse(files)).message).toContain('b.conf:1: unexpected "}"');
  });

  it('does not let a file leave a block open', () => {
    const files = { 'main.conf': 'include b.conf; }', 'b.conf': 'a {' };
    expect(errorOf(() => parse(files)).message).toContain('b.conf:1: unexpected end of file');
  });

  it('refuses a missing file where it is included', () => {
    const error = errorOf(() => parse({ 'main.conf': '\ninclude gone.conf;' }));
    expect(error).toMatchObject({ fault: 'file', file: 'main.conf', line: 2 });
    expect(error.message).toContain('no config file at gone.conf');
  });

  it('refuses circles', () => {
    const files = { 'main.conf': 'include b.conf;', 'b.conf': '\ninclude main.conf;' };
    const error = errorOf(() => parse(files));
    expect(error.message).toContain('"main.conf" includes itself');
    expect(error.message).toContain('main.conf -> b.conf -> main.conf');
    expect(error).toMatchObject({ file: 'b.conf', line: 2 });
  });

  it('takes the same file twice, next to each other', () => {
    const root = parse({ 'main.conf': 'include b.conf b.conf;', 'b.conf': 'b;' });
    expect(root.children).toHaveLength(2);
  });

  it('bounds depth', () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [
        at === 0 ? 'main.conf' : `${at}.conf`,
        `include ${at + 1}.conf;`,
      ]),
    );
    expect(errorOf(() => parse(files)).message).toContain('includes are more than 16 deep');
  });

  it('bounds the number of files: each includes the next one twice', () => {
    const files = Object.fromEntries(
      Array.from({ length: 15 }, (_, at) => [
        at === 0 ? 'main.conf' : `${at}.conf`,
        at === 14 ? 'a;' : `include ${at + 1}.conf ${at + 1}.conf;`,
      ]),
    );
    expect(errorOf(() => parse(files)).message).toContain('more than 1024 files');
  });

  it('bounds characters over all files', () => {
    const files = { 'main.conf': 'include b.conf b.conf b.conf;', 'b.conf': '#'.repeat(50) };
    const limits = { ...DEFAULT_PARSE_LIMITS, maxCharacters: 150 };
    expect(errorOf(() => parse(files, limits)).message).toContain('longer than 150 characters');
  });
});

describe('hostile input', () => {
  it('bounds the depth of blocks', () => {
    expect(errorOf(() => parseConfigText('a{'.repeat(100_000))).message).toContain(
      'nested more than 32 deep',
    );
  });

  it('counts the depth through includes', () => {
    const read = (path: string) => (path === 'main' ? 'a{b{c{include d;}}}' : 'd{e{}}');
    const parse = (maxDepth: number) =>
      parseConfigFile('main', read, { ...DEFAULT_PARSE_LIMITS, maxDepth });
    expect(() => parse(5)).not.toThrow();
    expect(errorOf(() => parse(4)).message).toContain('nested more than 4 deep');
  });

  it('bounds the words of a directive', () => {
    expect(errorOf(() => parseConfigText(`a${' b'.repeat(100_000)};`)).message).toContain(
      'more than 4096 words',
    );
  });

  // With quadratic time in any of these, a million characters would take hours.
  it.each([
    ['one word', 'a'],
    ['quotes', '"'],
    ['single quotes', "'"],
    ['line ends', '\n'],
    ['lines in one string', '"\n'],
    ['directives', 'a;'],
    ['comments', '#\n'],
    ['blocks', 'a{}'],
    ['quoted names', '"a";'],
    ['closing braces in words', 'a};'],
  ])('reads a million characters of %s in one pass', (_, piece) => {
    const text = piece.repeat(1_000_000 / piece.length);
    try {
      parseConfigText(text);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
    }
  });

  it('throws nothing but ConfigError, whatever the bytes are', () => {
    const random = seededRandom(20_240_607);
    const pieces = ['a', ' ', ';', '{', '}', '"', "'", '#', '\n', '\r', '\t', 'include', '\0', 'é'];
    for (let round = 0; round < 3000; round += 1) {
      const length = Math.floor(random() * 60);
      let text = '';
      for (let at = 0; at < length; at += 1) {
        text +=
          random() < 0.1
            ? String.fromCharCode(Math.floor(random() * 0x1_0000))
            : (pieces[Math.floor(random() * pieces.length)] ?? '');
      }
      try {
        const tree = parseConfigText(text);
        // What was read can be written and read again.
        expect(shapesIn(tree.children.map(write).join(''))).toEqual(tree.children.map(shapeOf));
      } catch (error) {
        expect(error, JSON.stringify(text)).toBeInstanceOf(ConfigError);
      }
    }
  });
});

/** Writes a directive so that it reads back the same. */
function write({ name, args, isBlock, children }: Directive): string {
  const words = [name, ...args].map((word) => (word.includes('"') ? `'${word}'` : `"${word}"`));
  // A word with both kinds of quotes can only have been a bare one.
  const safe = words.map((word, at) => {
    const bare = at === 0 ? name : (args[at - 1] ?? '');
    return bare.includes('"') && bare.includes("'") ? bare : word;
  });
  return `${safe.join(' ')}${isBlock ? ` {${children.map(write).join('')}}` : ' ;'}\n`;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
