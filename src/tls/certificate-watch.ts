import { stat } from 'node:fs/promises';
import { describeError } from '../errors/server-error.ts';
import type { TlsFiles } from '../http/http-listener.ts';
import type { OpenListener } from '../listeners.ts';
import type { Logger } from '../log/logger.ts';

/** Time between two looks: a change is in force two looks later at most. */
const INTERVAL_MS = 2000;

/** What the files of one certificate looked like. */
interface Known {
  /** When they were read, whether or not they were any good. */
  read: string;
  /** At the last look. */
  seen: string;
}

/**
 * Has TLS listeners read their certificate again when its files change. Established connections keep
 * theirs. A certificate that cannot be used leaves the old one in place, and is told of once.
 */
export class CertificateWatch {
  readonly #listeners: () => readonly OpenListener[];
  readonly #log: Pick<Logger, 'info' | 'error'>;
  readonly #known = new Map<string, Known>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  /** @param listeners  those that are open now. */
  constructor(listeners: () => readonly OpenListener[], log: Pick<Logger, 'info' | 'error'>) {
    this.#listeners = listeners;
    this.#log = log;
  }

  /** Begins to look; what the files are like now counts as what the listeners have. */
  start(intervalMs = INTERVAL_MS): void {
    const look = (): void => {
      this.look().catch((error: unknown) =>
        this.#log.error(`certificates: ${describeError(error)}`),
      );
    };
    look();
    this.#timer = setInterval(look, intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at all files once. */
  async look(): Promise<void> {
    if (this.#looking) {
      return;
    }
    this.#looking = true;
    try {
      for (const [name, files] of this.#files()) {
        const state = `${await stateOf(files.certificateFile)} ${await stateOf(files.keyFile)}`;
        this.#compare(name, state);
      }
    } finally {
      this.#looking = false;
    }
  }

  #compare(name: string, state: string): void {
    const known = this.#known.get(name);
    if (!known) {
      this.#known.set(name, { read: state, seen: state });
      return;
    }
    // Certificate and key are seldom replaced at once: what still changes is not read.
    const settled = state === known.seen;
    known.seen = state;
    if (settled && state !== known.read) {
      known.read = state;
      this.#reload(name);
    }
  }

  #reload(name: string): void {
    const users = this.#listeners().filter(({ tls }) => tls && nameOf(tls) === name);
    try {
      for (const { reloadCertificate } of users) {
        reloadCertificate?.();
      }
      this.#log.info(`certificate ${name} is in use from now on`);
    } catch (error) {
      this.#log.error(`certificate ${name}: ${describeError(error)}; the old one stays in use`);
    }
  }

  #files(): Map<string, TlsFiles> {
    const files = new Map<string, TlsFiles>();
    for (const { tls } of this.#listeners()) {
      if (tls) {
        files.set(nameOf(tls), tls);
      }
    }
    return files;
  }
}

function nameOf({ certificateFile, keyFile }: TlsFiles): string {
  return `${certificateFile}, ${keyFile}`;
}

async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino}/${size}/${mtimeMs}`;
  } catch {
    return 'missing';
  }
}
