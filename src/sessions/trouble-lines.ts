import type { Logger } from '../log/logger.ts';
import type { Trouble } from '../native/boundary/session.ts';
import { troubleLine } from './session-lines.ts';

const PERIOD_MS = 1000;
/** Kinds that are told apart; what a flood of new kinds brings is not told. */
const MAX_KINDS = 1024;

interface Held {
  readonly log: Logger;
  readonly trouble: Trouble;
}

/**
 * Writes one line a second for each kind of trouble, with the sum of what all loops counted: each of them
 * reports by itself, once a second and area.
 */
export class TroubleLines {
  readonly #held = new Map<string, Held | undefined>();

  /** @param kind  what is counted together, e.g. area, code and address. */
  write(log: Logger, kind: string, trouble: Trouble): void {
    if (!this.#held.has(kind)) {
      if (this.#held.size < MAX_KINDS) {
        this.#tell(kind, { log, trouble });
      }
      return;
    }
    const count = (this.#held.get(kind)?.trouble.count ?? 0) + trouble.count;
    this.#held.set(kind, { log, trouble: { ...trouble, count } });
  }

  #tell(kind: string, { log, trouble }: Held): void {
    log.log('warn', troubleLine(trouble));
    this.#held.set(kind, undefined);
    setTimeout(() => {
      const held = this.#held.get(kind);
      if (held) {
        this.#tell(kind, held);
      } else {
        this.#held.delete(kind);
      }
    }, PERIOD_MS).unref();
  }
}
