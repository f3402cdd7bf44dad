import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { hashPassword } from '../auth/password.ts';
import { ServerError } from '../errors/server-error.ts';

/** What `millrace passwd --help` prints. */
export const PASSWD_HELP = `Asks for a password, and prints the line of the configuration for a user who has it.

Usage: millrace passwd NAME [RIGHT...]

  NAME    of the user
  RIGHT   publish:PATTERN, play:PATTERN or all:PATTERN; all:** unless given

The password is read from the terminal, or from standard input.
`;

/**
 * Runs `millrace passwd`.
 * @param args   those behind `passwd`.
 * @param input  where the password comes from.
 * @return what is to be printed.
 * @throws ServerError `INVALID_ARGUMENT`.
 */
export async function passwdCommand(
  args: readonly string[],
  input: NodeJS.ReadStream,
  prompt: Writable,
): Promise<string> {
  const [name, ...rights] = args;
  if (name === undefined || name === '-h' || name === '--help') {
    return PASSWD_HELP;
  }
  if (name.startsWith('-') || /[\s;:{]/.test(name)) {
    throw new ServerError('INVALID_ARGUMENT', `millrace passwd: "${name}" is no name of a user`);
  }
  const wrong = rights.find((right) => !/^(publish|play|all):[^\s;{]+$/.test(right));
  if (wrong !== undefined) {
    throw new ServerError(
      'INVALID_ARGUMENT',
      `millrace passwd: "${wrong}" is no right: write publish:live/*, play:live/* or all:**`,
    );
  }
  const password = await readPassword(input, prompt);
  if (password === '') {
    throw new ServerError('INVALID_ARGUMENT', 'millrace passwd: the password is empty');
  }
  const words = ['user', name, await hashPassword(password)];
  return `${[...words, ...(rights.length > 0 ? rights : ['all:**'])].join(' ')};\n`;
}

/** One line, which a terminal does not show. */
async function readPassword(input: NodeJS.ReadStream, prompt: Writable): Promise<string> {
  if (input.isTTY) {
    prompt.write('Password: ');
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: input.isTTY === true });
  try {
    for await (const line of lines) {
      return line;
    }
    return '';
  } finally {
    lines.close();
    if (input.isTTY) {
      prompt.write('\n');
    }
  }
}
