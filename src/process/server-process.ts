import { authority } from '../config/endpoint.ts';
import type { LoadedConfig } from '../config/load.ts';
import { describeError, ServerError } from '../errors/server-error.ts';
import { localAddresses } from '../identity/local-addresses.ts';
import { packageVersion, SRS_VERSION } from '../identity/version.ts';
import type { Logger } from '../log/logger.ts';
import { openSink } from '../log/open-sink.ts';
import { logFindings } from '../reload/config-reloader.ts';
import { createServer, type Server } from '../server.ts';
import { bannerText } from './banner.ts';
import { type ReadConfig, wantsWatch } from './config-source.ts';
import { ConfigWatch } from './config-watch.ts';
import { PidFile } from './pid-file.ts';
import { keepServerId } from './server-id-file.ts';
import type { Wish } from './signals.ts';

/** How often `asprocess` looks for its parent, as SRS does. */
const PARENT_CHECK_MS = 1000;

/** One server that is the whole process: with pid file, id file, log file and signals. */
export class ServerProcess {
  readonly #server: Server;
  readonly #sink: ReturnType<typeof openSink>;
  readonly #pidFile: PidFile;
  readonly #log: Logger;
  readonly #loaded: LoadedConfig;
  readonly #watch: ConfigWatch;

  /**
   * Takes what a server needs of the system, except its ports.
   * @throws ServerError `WORK_DIR_UNUSABLE`, `LOG_FILE_UNUSABLE`, `ALREADY_RUNNING`,
   *   `PID_FILE_UNUSABLE`.
   */
  constructor(loaded: LoadedConfig, readConfig: ReadConfig) {
    const { log, process: options } = loaded.config;
    this.#loaded = loaded;
    enterWorkDir(options.workDir);
    this.#sink = openSink(log);
    this.#pidFile = PidFile.acquire(options.pidFile);
    const serverId = keepServerId(options.pidFile, options.serverId);
    this.#server = createServer(loaded.config, {
      log: this.#sink,
      serverId,
      readConfig: () => this.#follow(readConfig()),
    });
    this.#watch = new ConfigWatch(
      () => {
        this.#log.info('the configuration has changed on disk');
        void this.#server.reloader.reload();
      },
      (folder, error) => this.#log.warn(`${folder} is not watched: ${describeError(error)}`),
    );
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
    this.#follow(this.#loaded);
    if (this.#server.config.process.asprocess) {
      this.#quitWithParent();
    }
    for (const { purpose, endpoint } of this.#server.ports) {
      const transport = ['srt', 'mpegts', 'rtc'].includes(purpose) ? 'udp' : 'tcp';
      this.#log.info(`${purpose} listen at ${transport}://${authority(endpoint)}`);
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
        void this.#server.reloader.reload();
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
    logFindings(this.#log, warnings, accepted);
  }

  /** Watches the files of a configuration that was read, if it is to be so. */
  #follow(loaded: LoadedConfig): LoadedConfig {
    if (wantsWatch(this.#server.config)) {
      this.#watch.watch(loaded.files);
    }
    return loaded;
  }

  #quitWithParent(): void {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid !== parent) {
        clearInterval(timer);
        this.#quit(`the parent process ${parent} has gone`, false);
      }
    }, PARENT_CHECK_MS).unref();
  }

  #reopenLog(): void {
    try {
      this.#server.log.reopen();
      this.#log.info('log file opened anew');
    } catch (error) {
      this.#log.warn(`log file could not be opened anew: ${describeError(error)}`);
    }
  }

  #quit(why: string, graceful: boolean): void {
    this.#log.info(`${why}, ${graceful ? 'quit when the clients have left' : 'quit'}`);
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
