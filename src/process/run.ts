import { helpText, parseArguments } from '../cli/arguments.ts';
import { ConfigError } from '../config/config-error.ts';
import { ServerError } from '../errors/server-error.ts';
import { packageVersion, SIGNATURE, SRS_VERSION } from '../identity/version.ts';
import { type ConfigSource, configReader, wantsBackground } from './config-source.ts';
import { startBackground, takeBackgroundMark } from './daemon.ts';
import { exitStatusOf, explanation } from './explain.ts';
import type { Signals } from './signals.ts';
import { print, startLine } from './start-log.ts';

/**
 * Does what the command line asks for. A server that was started runs on after this resolves.
 * @return exit status; undefined when a server runs.
 */
export async function run(args: readonly string[], signals: Signals): Promise<number | undefined> {
  const command = parseArguments(args);
  switch (command.action) {
    case 'help':
      print(1, helpText(`${packageVersion()} (SRS ${SRS_VERSION})`));
      return 0;
    case 'version':
      print(1, `${SRS_VERSION}\n`);
      return 0;
    case 'signature':
      print(1, `${SIGNATURE}\n`);
      return 0;
    case 'token':
    case 'passwd':
      return tool(command.action, command.args);
    case 'refuse':
      return fail(new ConfigError('value', command.message));
    case 'run':
      return command.testOnly ? test(command) : serve(command, signals);
  }
}

/** Runs a command that is no server. */
async function tool(name: 'token' | 'passwd', args: readonly string[]): Promise<number> {
  try {
    if (name === 'token') {
      const { tokenCommand } = await import('../cli/token-command.ts');
      print(1, tokenCommand(args, { env: process.env }, Date.now()));
    } else {
      const { passwdCommand } = await import('../cli/passwd-command.ts');
      print(1, await passwdCommand(args, process.stdin, process.stderr));
    }
    return 0;
  } catch (error) {
    if (error instanceof ServerError && error.code === 'INVALID_ARGUMENT') {
      // What was typed is wrong: the message says it, and the table of errors has nothing to add.
      print(2, `${error.message}\n`);
      return error.exitCode;
    }
    return fail(error);
  }
}

/** `-t`: says whether the configuration is good. */
function test(source: ConfigSource): number {
  const file = process.env.SRS_CONFIG_FILE || source.configFile;
  const name = source.envOnly ? 'environment' : (file ?? '');
  try {
    const { warnings, accepted } = configReader(source)();
    for (const warning of warnings) {
      startLine('warn', warning);
    }
    if (accepted.length > 0) {
      startLine('warn', `accepted, but without effect in this version: ${accepted.join(', ')}`);
    }
  } catch (error) {
    startLine('error', `config file ${name} test is failed`);
    return fail(error);
  }
  startLine('info', `the config file ${name} syntax is ok`);
  startLine('info', `config file ${name} test is successful`);
  return 0;
}

/** Starts a server, here or in the background as the configuration says. */
async function serve(source: ConfigSource, signals: Signals): Promise<number | undefined> {
  const inBackground = takeBackgroundMark();
  try {
    const readConfig = configReader(source);
    const loaded = readConfig();
    if (!inBackground && wantsBackground(loaded.config)) {
      return await serveInBackground(loaded.config.log.tank === 'console');
    }
    // Loaded only now: most of the program, which the other uses of the command line need not wait for.
    const { start } = await import('./start.ts');
    return await start({ loaded, readConfig, signals, inBackground });
  } catch (error) {
    return fail(error);
  }
}

async function serveInBackground(keepOutput: boolean): Promise<number> {
  const report = await startBackground(keepOutput);
  if (!report.up) {
    print(2, report.text);
    return report.exitCode;
  }
  if (process.stdout.isTTY) {
    print(1, report.text);
  }
  return 0;
}

/** Says on standard error why the program does not run. @return its exit status. */
function fail(error: unknown): number {
  print(2, explanation(error));
  return exitStatusOf(error);
}
