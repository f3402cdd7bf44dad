/** What an operator asks a running server by signal. */
export type Wish = 'quit' | 'graceful-quit' | 'reload' | 'reopen-log';

const WISHES = {
  SIGTERM: 'quit',
  SIGINT: 'quit',
  SIGQUIT: 'graceful-quit',
  SIGHUP: 'reload',
  SIGUSR1: 'reopen-log',
} as const satisfies Partial<Record<NodeJS.Signals, Wish>>;

/** Signals of one kind that are remembered while nobody listens yet. */
const MAX_WAITING = 16;

/**
 * Catches the signals from the first moment on: unhandled, most of them end a Node.js process at once.
 * What came before {@link Signals.listen} is handed over then.
 */
export class Signals {
  #waiting: { wish: Wish; signal: NodeJS.Signals }[] = [];
  #listener: ((wish: Wish, signal: NodeJS.Signals) => void) | undefined;

  constructor() {
    for (const [signal, wish] of Object.entries(WISHES) as [NodeJS.Signals, Wish][]) {
      process.on(signal, () => this.#take(wish, signal));
    }
    // SIGPIPE: a reader of standard output went away. SIGUSR2: reserved by SRS. SIGXFSZ: a file has reached
    // the limit of `ulimit -f`, which the write then fails with. None of them ends a server.
    for (const signal of ['SIGPIPE', 'SIGUSR2', 'SIGXFSZ'] as const) {
      process.on(signal, () => {});
    }
  }

  /** @param listener  called for each signal that came and will come. */
  listen(listener: (wish: Wish, signal: NodeJS.Signals) => void): void {
    this.#listener = listener;
    for (const { wish, signal } of this.#waiting.splice(0)) {
      listener(wish, signal);
    }
  }

  #take(wish: Wish, signal: NodeJS.Signals): void {
    if (this.#listener) {
      this.#listener(wish, signal);
    } else if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push({ wish, signal });
    }
  }
}
