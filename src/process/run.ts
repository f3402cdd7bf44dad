import { helpText, parseArguments } from '../cli/arguments.ts';
import { ConfigError } from '../config/config-error.ts';
import type { LoadedConfig } from '../config/load.ts';
import { errorTable } from '../errors/codes.ts';
import { describeError, errorCodeFrom, ServerError } from '../errors/server-error.ts';
import { packageVersion, SIGNATURE, SRS_VERSION } from '../identity/version.ts';
import { reportStart, startBackground, takeBackgroundMark } from './daemon.ts';
import {
  type ConfigSource,
  configReader,
  ServerProcess,
  wantsBackground,
} from './server-process.ts';
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
    case 'refuse':
      return explain(new ConfigError('value', command.message));
    case 'run':
      return command.testOnly ? test(command) : start(command, signals);
  }
}

/** `-t`: says whether the configuration is good. */
function test(source: ConfigSource): number {
  const name = source.envOnly ? 'environment' : process.env.SRS_CONFIG_FILE || source.configFile;
  try {
    const { warnings, accepted } = configReader(source)();
    for (const warning of warnings) {
      startLine('warn', warning);
    }
    tellAccepted(accepted);
  } catch (error) {
    startLine('error', `config file ${name ?? ''} test is failed`);
    return explain(error);
  }
  startLine('info', `the config file ${name} syntax is ok`);
  startLine('info', `config file ${name} test is successful`);
  return 0;
}

function tellAccepted(accepted: LoadedConfig['accepted']): void {
  if (accepted.length > 0) {
    startLine('warn', `accepted, but without effect in this version: ${accepted.join(', ')}`);
  }
}

/** Starts a server, in the background if the configuration says so. */
async function start(source: ConfigSource, signals: Signals): Promise<number | undefined> {
  const inBackground = takeBackgroundMark();
  let server: ServerProcess | undefined;
  try {
    const readConfig = configReader(source);
    const loaded = readConfig();
    if (wantsBackground(loaded.config) && !inBackground) {
      return await startInBackground(loaded);
    }
    server = new ServerProcess(loaded, readConfig);
    watchForFaults(server);
    await server.start();
  } catch (error) {
    const status = explain(error);
    if (inBackground) {
      await reportStart({ up: false, text: explanation(error), exitCode: status });
    }
    return status;
  }

  if (inBackground) {
    await reportStart({ up: true, text: server.banner() });
  } else {
    server.show(server.banner());
  }
  const started = server;
  signals.listen((wish, signal) => started.obey(wish, signal));
  return undefined;
}

async function startInBackground({ config }: LoadedConfig): Promise<number> {
  const keepOutput = config.log.tank === 'console';
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

/** A fault of the program ends it: after one, nothing is known about what still works. */
function watchForFaults(server: ServerProcess): void {
  process.on('uncaughtException', (error) => {
    server.lastWords(error);
    print(2, explanation(error));
    process.exit(errorTable.INTERNAL.number & 0xff);
  });
}

/** Says on standard error why the program does not run. @return the exit status that belongs to it. */
function explain(error: unknown): number {
  print(2, explanation(error));
  const known = error instanceof ConfigError || error instanceof ServerError;
  return known ? error.exitCode : errorTable[errorCodeFrom(error)].number & 0xff;
}

function explanation(error: unknown): string {
  if (error instanceof ConfigError) {
    return `millrace: ${error.message}\n`;
  }
  const { hint } = errorTable[errorCodeFrom(error)];
  const stack =
    error instanceof ServerError ? '' : `\n${(error as Error | undefined)?.stack ?? ''}`;
  return `millrace: ${describeError(error)}\n          ${hint}${stack}\n`;
}
