import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { isPassword, parsePasswordHash } from '../auth/password.ts';
import { PASSWD_HELP, passwdCommand } from './passwd-command.ts';

function run(args: readonly string[], input: string): Promise<string> {
  const stream = new PassThrough();
  stream.end(input);
  return passwdCommand(args, stream as unknown as NodeJS.ReadStream, new PassThrough());
}

describe('millrace passwd', () => {
  it('makes the line of a user', async () => {
    const line = await run(['bob', 'play:live/*'], 'geheim\nmore\n');
    const [, hash = '', rights] = /^user bob (\S+) (.+);\n$/.exec(line) ?? [];
    expect(rights).toBe('play:live/*');
    const stored = parsePasswordHash(hash);
    expect(stored && (await isPassword('geheim', stored))).toBe(true);
    expect(await run(['bob'], 'geheim')).toContain(' all:**;');
  });

  it.each([
    [['bob'], '', 'empty'],
    [['bob', 'watch:*'], 'x', '"watch:*" is no right'],
    [['a:b'], 'x', '"a:b" is no name'],
    [['-x'], 'x', '"-x" is no name'],
  ])('%j says why not', async (args, input, why) => {
    await expect(run(args, input)).rejects.toThrow(why);
  });

  it('explains itself', async () => {
    expect(await run([], '')).toBe(PASSWD_HELP);
    expect(await run(['-h'], '')).toBe(PASSWD_HELP);
  });
});
