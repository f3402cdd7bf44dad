import { monotonicMs } from '../native/session-counters.ts';

const SECOND_MS = 1000;
/** Loops report at whole seconds of the monotonic clock; then they are given a little time. */
const AFTER_MS = 100;

/** Calls once a second, soon after the loops of the engine have made their reports. */
export class ReportTimer {
  readonly #take: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(take: () => void) {
    this.#take = take;
  }

  start(): void {
    const waitMs = SECOND_MS - (monotonicMs() % SECOND_MS) + AFTER_MS;
    this.#timer = setTimeout(() => {
      this.start();
      this.#take();
    }, waitMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
