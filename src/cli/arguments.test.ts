import { describe, expect, it } from 'vitest';
import { type CommandLine, helpText, parseArguments } from './arguments.ts';

function run(configFile: string | undefined, rest: object = {}): CommandLine {
  return { action: 'run', configFile, envOnly: false, testOnly: false, ...rest };
}

describe('parseArguments', () => {
  it.each<[string, CommandLine]>([
    ['', run('conf/console.conf')],
    ['-c x.conf', run('x.conf')],
    ['-cx.conf', run('x.conf')],
    ['-c -x.conf', run('-x.conf')],
    ['-c a.conf -c b.conf', run('b.conf')],
    ['-e', run(undefined, { envOnly: true })],
    ['-t', run(undefined, { testOnly: true })],
    ['-t -c x.conf', run('x.conf', { testOnly: true })],
    ['-c x.conf -t', run('x.conf', { testOnly: true })],
    ['-tc x.conf', run('x.conf', { testOnly: true })],
    ['-tcx.conf', run('x.conf', { testOnly: true })],
    ['-et', run(undefined, { envOnly: true, testOnly: true })],
    ['-', run(undefined)],
    ['-?', { action: 'help' }],
    ['-h', { action: 'help' }],
    ['--help', { action: 'help' }],
    ['x.conf', { action: 'help' }],
    ['-c x.conf y.conf', { action: 'help' }],
    ['-t -h', { action: 'help' }],
    ['-v', { action: 'version' }],
    ['-V', { action: 'version' }],
    ['--version', { action: 'version' }],
    ['-tv', { action: 'version' }],
    ['-v -h', { action: 'help' }],
    ['-g', { action: 'signature' }],
    ['-G', { action: 'signature' }],
    ['-gv', { action: 'version' }],
    ['-g -c x.conf', { action: 'signature' }],
  ])('%j', (line, expected) => {
    expect(parseArguments(line === '' ? [] : line.split(' '))).toEqual(expected);
  });

  it.each([
    ['-c', 'needs a file'],
    ['-tc', 'needs a file'],
    ['-p', '"p"'],
    ['-ex', '"x"'],
    ['--config x.conf', '"--config"'],
    ['-t -z', '"z"'],
  ])('%j is refused', (line, message) => {
    const parsed = parseArguments(line.split(' '));
    expect(parsed.action).toBe('refuse');
    expect(parsed).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('refuses an empty file name', () => {
    expect(parseArguments(['-c', '']).action).toBe('refuse');
  });
});

describe('helpText', () => {
  it('names the version and every flag', () => {
    const text = helpText('1.2.3');
    expect(text).toContain('Millrace 1.2.3');
    for (const flag of ['-c FILE', '-e', '-t', '-v, -V', '-g, -G', '-h, -?']) {
      expect(text).toContain(`  ${flag}  `);
    }
  });
});
