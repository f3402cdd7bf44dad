import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL('../../bin/millrace', import.meta.url));

/** Longest wait for something that a server is to do. */
const LIMIT_MS = 15_000;

/** A folder of its own for one test, with the server processes that were started in it. */
export class Playground {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-'));
  readonly #launched: LaunchedServer[] = [];

  /** Writes a file below the folder. @return its path. */
  write(name: string, text: string | Buffer): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  launch(...args: string[]): LaunchedServer {
    return this.launchWith({}, ...args);
  }

  /** As {@link launch}, with variables added to the environment. */
  launchWith(env: Readonly<Record<string, string>>, ...args: string[]): LaunchedServer {
    const server = new LaunchedServer(this.folder, args, env);
    this.#launched.push(server);
    return server;
  }

  async clear(): Promise<void> {
    await Promise.all(this.#launched.map((server) => server.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One run of `bin/millrace`. */
export class LaunchedServer {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<{ status: number | null; signal: NodeJS.Signals | null }>;

  constructor(cwd: string, args: readonly string[], added: Readonly<Record<string, string>> = {}) {
    const { SRS_CONFIG_FILE: _, SRS_ENV_ONLY: __, ...own } = process.env;
    const env = { ...own, ...added };
    this.child = spawn(process.execPath, [launcher, ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (bytes) => {
      this.stdout += String(bytes);
    });
    this.child.stderr?.on('data', (bytes) => {
      this.stderr += String(bytes);
    });
    this.#ended = once(this.child, 'close').then(([status, signal]) => ({ status, signal }));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the exit status. */
  async exit(): Promise<number | null> {
    const { status, signal } = await this.#ended;
    if (signal) {
      throw new Error(`ended by ${signal}\n${this.stdout}\n${this.stderr}`);
    }
    return status;
  }

  /** Resolves when standard output holds `text`. */
  async output(text: string): Promise<void> {
    await this.match(() => this.stdout.includes(text) || undefined, text);
  }

  /**
   * Resolves with what standard output matches, as soon as it does.
   * @param from  offset in `stdout` where to begin, for lines that repeat.
   */
  line(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return this.match(() => pattern.exec(this.stdout.slice(from)) ?? undefined, String(pattern));
  }

  private async match<T>(find: () => T | undefined, wanted: string): Promise<T> {
    const deadline = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const found = find();
      if (found !== undefined) {
        return found;
      }
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`ended before it said "${wanted}"\n${this.stdout}\n${this.stderr}`);
      }
      const more = once(this.child.stdout as NodeJS.ReadableStream, 'data', { signal: deadline });
      await Promise.race([more, this.#ended]).catch((cause: unknown) => {
        throw new Error(`did not say "${wanted}"\n${this.stdout}\n${this.stderr}`, { cause });
      });
    }
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
