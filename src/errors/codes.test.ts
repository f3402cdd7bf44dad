import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generateErrorFiles, readErrorTable } from '../../scripts/generate-errors.mjs';
import { errorCodeOf, errorTable } from './codes.ts';

const root = new URL('../../', import.meta.url);

describe('error table', () => {
  it.each(generateErrorFiles())(
    '$path is what schema/errors.json generates',
    ({ path, content }) => {
      expect(readFileSync(new URL(path, root), 'utf8')).toBe(content);
    },
  );

  it('gives each number to one code only', () => {
    const numbers = readErrorTable().map((row) => row.number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('finds the code of each number, and none for 0', () => {
    for (const [code, { number }] of Object.entries(errorTable)) {
      expect(errorCodeOf(number)).toBe(code);
    }
    expect(errorCodeOf(0)).toBeUndefined();
  });
});
