import { ConfigError } from './config-error.ts';

/** One directive head, `}` or the end of the text. `words` is empty for the latter two. */
export interface Statement {
  readonly words: readonly string[];
  readonly end: ';' | '{' | '}' | 'end of file';
  /** Line of the first word, or of the `}`; 1-based. */
  readonly line: number;
}

/** Stops a directive that lost its `;` from collecting a whole file as its arguments. */
const MAX_WORDS = 4096;

const SPACE = /[ \t\r\n]/;
/** Longest runs that need no decision; `y` keeps the scan linear. */
const BARE_WORD = /[^ \t\r\n;{]+/y;
const SPACES = /[ \t]+/y;

/**
 * Cuts configuration text into words and the marks `;`, `{` and `}`. Reads each character once.
 *
 * A bare word ends at white space, `;` or `{`; quotes, `#` and `}` within it are ordinary. Quotes
 * count only where a word starts and know no escapes. A directive's words stand on one line.
 */
export class WordScanner {
  readonly #text: string;
  readonly #file: string;
  #at: number;
  #line = 1;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    // Editors on Windows put a byte order mark in front; it is no part of the first word.
    this.#at = text.startsWith('\uFEFF') ? 1 : 0;
  }

  /** @throws ConfigError `syntax` at the line reached. */
  next(): Statement {
    const words: string[] = [];
    let line = this.#line;

    for (;;) {
      this.#skip(SPACES);
      const character = this.#text[this.#at];
      switch (character) {
        case undefined:
          if (words.length > 0) {
            throw this.error('unexpected end of file, expecting ";" or "{"', afterWord(words));
          }
          return { words, end: 'end of file', line: this.#line };
        case '\n':
        case '\r':
          if (words.length > 0) {
            throw this.error('unexpected end of line, expecting ";" or "{"', afterWord(words));
          }
          this.#at += 1;
          if (character === '\n') {
            this.#line += 1;
          }
          break;
        case '#':
          this.#skipComment();
          break;
        case ';':
        case '{':
          if (words.length === 0) {
            throw this.error(`unexpected "${character}"`, 'a directive starts with its name');
          }
          this.#at += 1;
          return { words, end: character, line };
        case '}':
          if (words.length > 0) {
            throw this.error('unexpected "}"', afterWord(words));
          }
          this.#at += 1;
          return { words, end: '}', line: this.#line };
        default: {
          if (words.length === 0) {
            line = this.#line;
          }
          const word = character === '"' || character === "'" ? this.#quoted() : this.#bareWord();
          // SRS drops empty quoted words; a first argument of "" therefore means the default.
          if (word !== '') {
            words.push(word);
          }
          if (words.length > MAX_WORDS) {
            throw this.error(`a directive has more than ${MAX_WORDS} words`);
          }
        }
      }
    }
  }

  /** An error at the line reached so far. */
  error(what: string, hint?: string): ConfigError {
    return new ConfigError('syntax', what, {
      origin: { from: 'file', file: this.#file, line: this.#line },
      hint,
    });
  }

  #skip(run: RegExp): string {
    run.lastIndex = this.#at;
    const found = run.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #bareWord(): string {
    return this.#skip(BARE_WORD);
  }

  #quoted(): string {
    const quote = this.#text.charAt(this.#at);
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) {
      throw this.error(`unexpected end of file, expecting ${quote} to close the string`);
    }
    const word = this.#text.slice(this.#at + 1, end);
    for (let at = word.indexOf('\n'); at >= 0; at = word.indexOf('\n', at + 1)) {
      this.#line += 1;
    }
    this.#at = end + 1;
    const after = this.#text[this.#at];
    if (after !== undefined && after !== ';' && after !== '{' && !SPACE.test(after)) {
      throw this.error(`unexpected "${after}"`, 'a closing quote is followed by space, ";" or "{"');
    }
    return word;
  }
}

function afterWord(words: readonly string[]): string {
  const word = words[words.length - 1] ?? '';
  return `after "${word.length > 40 ? `${word.slice(0, 40)}...` : word}", is a ";" missing`;
}
