import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Longest life of a peer: it is killed then, and `done` says so. */
const DEADLINE_MS = 60_000;

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface PeerEnd {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that publishes or plays. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #command: string;
  /** Resolves when it has ended, however. */
  readonly done: Promise<PeerEnd>;
  /** Resolves when it has written something, or has ended. */
  readonly begun: Promise<unknown>;

  constructor(command: string, args: readonly string[], deadlineMs = DEADLINE_MS) {
    this.#command = [command, ...args].join(' ');
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    this.#child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes));
    this.#child.stderr?.on('data', (bytes: Buffer) => stderr.push(bytes));
    this.begun = Promise.race([
      once(this.#child.stdout as NodeJS.ReadableStream, 'data'),
      once(this.#child, 'close'),
    ]);
    this.done = once(this.#child, 'close').then(([status]) => ({
      status,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    }));
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with its standard output. @throws Error when it failed or had to be killed. */
  async output(): Promise<string> {
    const { status, stdout, stderr } = await this.done;
    if (status !== 0) {
      throw new Error(`${this.#command}\nended with ${status}\n${stderr}`);
    }
    return stdout;
  }

  /** Waits for what can only come while the peer runs. @throws Error when it ends before. */
  async during<T>(wait: Promise<T>): Promise<T> {
    const ended = this.done.then(({ status, stderr }): never => {
      throw new Error(`${this.#command}\nended with ${status} too early\n${stderr}`);
    });
    return await Promise.race([wait, ended]);
  }

  /** Ends it as ctrl-c does, and resolves when it has gone. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<PeerEnd> {
    this.#child.kill(signal);
    return this.done;
  }
}

/** The peers of one test file; all that still run are killed at its end. */
export class Peers {
  readonly #all: Peer[] = [];

  run(command: string, args: readonly string[], deadlineMs?: number): Peer {
    const peer = new Peer(command, args, deadlineMs);
    this.#all.push(peer);
    return peer;
  }

  /**
   * Publishes a file in real time, as it is.
   * @param more  options of the output, before its url.
   */
  publish(file: string, url: string, more: readonly string[] = []): Peer {
    const args = ['-v', 'error', '-nostdin', '-re', '-i', file, '-c', 'copy', ...more];
    return this.run('ffmpeg', [...args, '-f', 'flv', url]);
  }

  /**
   * As {@link publish}, again and again, so that what plays it may take its time.
   * @param format  of the output.
   */
  loop(file: string, url: string, more: readonly string[] = [], format = 'flv'): Peer {
    const input = ['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', file];
    return this.run('ffmpeg', [...input, '-c', 'copy', ...more, '-f', format, url]);
  }

  /**
   * Plays with FFmpeg's demuxer for some seconds of media and reports its packets as JSON.
   * @param more  options of the input.
   */
  watch(url: string, seconds: number, more: readonly string[] = []): Peer {
    return this.run('ffprobe', [
      ...['-v', 'error', ...more, '-read_intervals', `%+${seconds}`],
      ...['-show_packets', '-show_streams', '-show_data_hash', 'md5', '-of', 'json', url],
    ]);
  }

  /** As {@link publish} and {@link watch}, by an FFmpeg that knows Enhanced RTMP: see `enhanced-peer.ts`. */
  enhanced(
    action: 'publish' | 'loop' | 'watch' | 'remux' | 'record',
    ...args: readonly string[]
  ): Peer {
    return this.#script('./enhanced-peer.ts', action, ...args);
  }

  /** Views from another process, and reports when what came: see `arrivals.ts`. */
  arrivals(...args: readonly string[]): Peer {
    return this.#script('./arrivals.ts', ...args);
  }

  #script(name: string, ...args: readonly string[]): Peer {
    return this.run(process.execPath, ['--import', 'tsx', pathOf(name), ...args]);
  }

  async clear(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((peer) => peer.stop('SIGKILL')));
  }
}
