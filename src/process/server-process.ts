import type { LoadedConfig } from '../config/load.ts';
import { describeError, ServerError } from '../errors/server-error.ts';
import { localAddresses } from '../identity/local-addresses.ts';
import { packageVersion, SRS_VERSION } from '../identity/version.ts';
import type { Logger } from '../log/logger.ts';
import { openSink } from '../log/open-sink.ts';
import { createServer, type Server } from '../server.ts';
import { bannerText } from './banner.ts';
import { configChanges } from './config-changes.ts';
import type { ReadConfig } from './config-source.ts';
import { PidFile } from './pid-file.ts';
import { keepServerId } from './server-id-file.ts';
import type { Wish } from './signals.ts';

/** One server that is the whole process: with pid file, id file, log file and signals. */
export class ServerProcess {
  readonly #readConfig: ReadConfig;
  readonly #server: Server;
  readonly #sink: ReturnType<typeof openSink>;
  readonly #pidFile: PidFile;
  readonly #log: Logger;
  #loaded: LoadedConfig;

  /**
   * Takes what a server needs of the system, except its ports.
   * @throws ServerError `WORK_DIR_UNUSABLE`, `LOG_FILE_UNUSABLE`, `ALREADY_RUNNING`,
   *   `PID_FILE_UNUSABLE`.
   */
  constructor(loaded: LoadedConfig, readConfig: ReadConfig) {
    const { log, process: options } = loaded.config;
    this.#loaded = loaded;
    this.#readConfig = readConfig;
    enterWorkDir(options.workDir);
    this.#sink = openSink(log);
    this.#pidFile = PidFile.acquire(options.pidFile);
    const serverId = keepServerId(options.pidFile, options.serverId);
    this.#server = createServer(loaded.config, {
      log: this.#sink,
      serverId,
      onReloadRequest: () => {
        const fault = this.#reload();
        if (fault !== undefined) {
          throw fault;
        }
      },
    });
    this.#log = this.#server.log.context(this.#server.identity.cid);
  }

  /** Opens the ports. @throws ServerError, after everything was given back. */
  async start(): Promise<void> {
    this.#logStart();
    try {
      await this.#server.start();
    } catch (error) {
      this.#pidFile.release();
      throw error;
    }
    for (const { purpose, endpoint } of this.#server.ports) {
      this.#log.info(`${purpose} listen at tcp://${endpoint.address}:${endpoint.port}`);
    }
  }

  /** What to show to the person who started the server. */
  banner(): string {
    const { config } = this.#server;
    return bannerText({
      title: `Millrace ${packageVersion()} (SRS ${SRS_VERSION})`,
      pid: process.pid,
      log: config.log.tank === 'console' ? 'on the console' : config.log.file,
      config,
      ports: this.#server.ports,
      host: localAddresses()[0] ?? '127.0.0.1',
    });
  }

  /** Shows text on the console, in the right place between log lines that go there too. */
  show(text: string): void {
    if (this.#server.config.log.tank === 'console') {
      this.#sink.write(text, 'info');
    } else if (process.stdout.isTTY) {
      process.stdout.write(text);
    }
  }

  /** Does what a signal asks for. A quit that is done ends the process with status 0. */
  obey(wish: Wish, signal: NodeJS.Signals): void {
    switch (wish) {
      case 'reload':
        this.#reload();
        break;
      case 'reopen-log':
        this.#reopenLog();
        break;
      case 'quit':
        this.#quit(signal, this.#server.config.process.forceGraceQuit && signal === 'SIGTERM');
        break;
      case 'graceful-quit':
        this.#quit(signal, true);
        break;
    }
  }

  /** Writes down a fault of the program, at once: the process ends with it. */
  lastWords(error: unknown): void {
    const stack = error instanceof Error ? ` : ${error.stack}` : '';
    this.#log.error(`fault ${describeError(error)}${stack}`);
    this.#sink.flushSync();
    this.#pidFile.release();
  }

  #logStart(): void {
    const { config, file, warnings, accepted } = this.#loaded;
    this.#log.info(
      `Millrace ${packageVersion()}, SRS/${SRS_VERSION}, pid=${process.pid}, ` +
        `server=${this.#server.identity.serverId}, config=${file ?? 'environment'}, ` +
        `log level=${config.log.level}`,
    );
    for (const warning of warnings) {
      this.#log.warn(warning);
    }
    if (accepted.length > 0) {
      this.#log.warn(`accepted, but without effect in this version: ${accepted.join(', ')}`);
    }
  }

  /** @return why the old configuration stays, which is in the log already; undefined when it does not. */
  #reload(): unknown {
    let loaded: LoadedConfig;
    try {
      loaded = this.#readConfig();
    } catch (error) {
      this.#log.warn(`reload failed, the old configuration stays: ${describeError(error)}`);
      return error;
    }
    const { applied, needRestart } = configChanges(this.#server.config, loaded.config);
    this.#server.reload(loaded.config);
    this.#loaded = loaded;
    this.#log.info(`reload done, changed: ${applied.join(', ') || 'nothing'}`);
    if (needRestart.length > 0) {
      this.#log.warn(`reload: these need a restart: ${needRestart.join(', ')}`);
    }
    return undefined;
  }

  #reopenLog(): void {
    try {
      this.#server.log.reopen();
      this.#log.info('log file opened anew');
    } catch (error) {
      this.#log.warn(`log file could not be opened anew: ${describeError(error)}`);
    }
  }

  #quit(signal: NodeJS.Signals, graceful: boolean): void {
    this.#log.info(`${signal}, ${graceful ? 'quit when the clients have left' : 'quit'}`);
    this.#server.close({ graceful }).then(
      () => this.#exit(0),
      (error: unknown) => {
        this.lastWords(error);
        process.exit(1);
      },
    );
  }

  #exit(status: number): void {
    this.#pidFile.release();
    // Threads of look-ups and log writes may hang; nothing that matters is left to do.
    process.exit(status);
  }
}

function enterWorkDir(path: string): void {
  if (path === '' || path === './' || path === '.') {
    return;
  }
  try {
    process.chdir(path);
  } catch (cause) {
    throw new ServerError('WORK_DIR_UNUSABLE', `work_dir ${path}`, { cause });
  }
}
