import type { TransportFigures } from '../native/transport-figures.ts';

/** So long the window of the loss is at least; at most twice as long. */
const WINDOW_MS = 10_000;

interface Mark {
  readonly atMs: number;
  readonly packets: number;
  readonly lost: number;
}

/** How the network does between a client and the server, where its protocol measures it. */
export class Transport {
  #figures: TransportFigures;
  #latest: Mark;
  /** Beginning of the window, and of the next one. */
  #from: Mark;
  #next: Mark;

  /** @param atMs  monotonic. */
  constructor(atMs: number, figures: TransportFigures) {
    this.#figures = figures;
    this.#latest = markOf(atMs, figures);
    this.#from = { atMs, packets: 0, lost: 0 };
    this.#next = this.#latest;
  }

  note(atMs: number, figures: TransportFigures): void {
    this.#figures = figures;
    this.#latest = markOf(atMs, figures);
    if (atMs - this.#next.atMs >= WINDOW_MS) {
      this.#from = this.#next;
      this.#next = this.#latest;
    }
  }

  /** Of the last report. */
  get figures(): TransportFigures {
    return this.#figures;
  }

  /** Part of the packets of the last 10 to 20 s that were lost, 0 to 1, mended or not. */
  get loss(): number {
    const packets = this.#latest.packets - this.#from.packets;
    const lost = this.#latest.lost - this.#from.lost;
    return packets > 0 ? Math.min(Math.max(lost / packets, 0), 1) : 0;
  }
}

/** What was lost is among what was sent, but not among what was received for the first time. */
function markOf(atMs: number, { packets_in, packets_out, packets_lost }: TransportFigures): Mark {
  return { atMs, packets: packets_out > 0 ? packets_out : packets_in, lost: packets_lost };
}
