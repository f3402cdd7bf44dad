import type { LoadedConfig } from '../config/load.ts';
import type { ReadConfig } from './config-source.ts';
import { reportStart } from './daemon.ts';
import { exitStatusOf, explanation } from './explain.ts';
import { ServerProcess } from './server-process.ts';
import type { Signals } from './signals.ts';
import { print } from './start-log.ts';

/** What a start is told. */
export interface StartOptions {
  readonly loaded: LoadedConfig;
  /** For reloads. */
  readonly readConfig: ReadConfig;
  readonly signals: Signals;
  /** Whether another process waits to hear how it went. */
  readonly inBackground: boolean;
}

/**
 * Starts the server in this process; it runs on after this resolves.
 * @return exit status when it could not be started.
 */
export async function start(options: StartOptions): Promise<number | undefined> {
  const { loaded, readConfig, signals, inBackground } = options;
  let server: ServerProcess;
  try {
    server = new ServerProcess(loaded, readConfig);
    watchForFaults(server);
    await server.start();
  } catch (error) {
    const [text, exitCode] = [explanation(error), exitStatusOf(error)];
    print(2, text);
    if (inBackground) {
      await reportStart({ up: false, text, exitCode });
    }
    return exitCode;
  }

  if (inBackground) {
    await reportStart({ up: true, text: server.banner() });
  } else {
    server.show(server.banner());
  }
  signals.listen((wish, signal) => server.obey(wish, signal));
  return undefined;
}

/** A fault of the program ends it: after one, nothing is known about what still works. */
function watchForFaults(server: ServerProcess): void {
  process.on('uncaughtException', (error) => {
    server.lastWords(error);
    print(2, explanation(error));
    process.exit(exitStatusOf(undefined));
  });
}
