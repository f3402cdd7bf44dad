import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MediaPorts } from './site.ts';

/** What the good peers saw since they were last asked. */
export interface WatchReport {
  readonly views: readonly {
    readonly name: string;
    /** Video frames, or segments, since the beginning. */
    readonly frames: number;
    /** How long apart they come by nature. */
    readonly periodMs: number;
    /** Longest time without a frame. */
    readonly gapMs: number;
    /** Longest step between the timestamps of two frames. */
    readonly stepMs: number;
    /** How often a timestamp went back. */
    readonly back: number;
    /** Why it ended, if it has. */
    readonly fault: string | undefined;
  }[];
  readonly publisherFault: string | undefined;
}

/** The good peers of one server; see `watch.ts`. */
export class Watcher {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when every viewer has seen frames. @param name  of the stream they publish and play. */
  static async start(ports: MediaPorts, file: string, name = 'good'): Promise<Watcher> {
    const program = fileURLToPath(new URL('./watch.ts', import.meta.url));
    const args = [ports.rtmp, ports.http].map(String);
    const child = fork(program, [...args, file, name], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const watcher = new Watcher(child);
    for (let tries = 0; tries < 200; tries += 1) {
      const { views, publisherFault } = await watcher.report();
      if (publisherFault !== undefined) {
        throw new Error(publisherFault);
      }
      if (views.every(({ frames, periodMs }) => frames > 1000 / periodMs)) {
        return watcher;
      }
      await delay(100);
    }
    throw new Error(`the good viewers see nothing: ${JSON.stringify(await watcher.report())}`);
  }

  async report(): Promise<WatchReport> {
    if (this.#child.exitCode !== null) {
      throw new Error(`the good peers ended with ${this.#child.exitCode}`);
    }
    const answer = once(this.#child, 'message', { signal: AbortSignal.timeout(20_000) });
    this.#child.send('report');
    const [report] = await answer;
    return report as WatchReport;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await gone;
    }
  }
}
