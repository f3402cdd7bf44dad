import type { VhostConfig } from '../config/millrace-config.ts';
import { ServerError } from '../errors/server-error.ts';
import type { StreamKey } from '../streams/stream-key.ts';

/** A peer that wants to publish or play, after its vhost and names were found good. */
export interface AdmissionRequest {
  readonly action: 'publish' | 'play';
  /** Label of the protocol, e.g. `rtmp`. */
  readonly protocol: string;
  readonly key: StreamKey;
  /** Whole name, e.g. `/live/livestream`. */
  readonly streamUrl: string;
  readonly vhost: VhostConfig;
  /** Context id of the session. */
  readonly clientId: string;
  /** Address of the client, as a proxy before the server tells it: for callbacks and events. */
  readonly ip: string;
  /**
   * Address of the other end of the connection, or what a trusted proxy says of it: for access rules. No
   * header of others can change it.
   */
  readonly peerIp: string;
  /**
   * Query of the user, as callbacks tell it: with its `?` from RTMP and HTTP, without one from SRT and
   * WHIP; empty when there is none.
   */
  readonly param: string;
  readonly tcUrl: string;
  readonly pageUrl: string;
  /** Value of the HTTP header `Authorization`; empty where there is none. */
  readonly authorization: string;
}

/**
 * One question that an admission asks. It refuses by throwing; a `ServerError` keeps its code.
 * @param signal  aborted when the peer has gone or time is up: the answer is not wanted any more.
 */
export type AdmissionStep = (
  request: AdmissionRequest,
  signal: AbortSignal,
) => void | Promise<void>;

/**
 * Asks all steps in their order; the first that throws ends it. Gives up with the reason of `signal` as
 * soon as that is aborted, whatever a step is still waiting for.
 */
export async function runSteps(
  steps: readonly AdmissionStep[],
  request: AdmissionRequest,
  signal: AbortSignal,
): Promise<void> {
  for (const step of steps) {
    const asked = step(request, signal);
    if (asked !== undefined) {
      await unlessAborted(asked, signal);
    }
  }
}

async function unlessAborted(asked: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    // Both promises are watched by the race, so that the loser's rejection is not an unhandled one.
    await Promise.race([asked, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
}

/** Aborts `abort` with `ADMISSION_TIMEOUT` after `limitMs`. @return stops the clock. */
export function startDeadline(abort: AbortController, limitMs: number): () => void {
  const timer = setTimeout(() => {
    abort.abort(new ServerError('ADMISSION_TIMEOUT', `after ${limitMs} ms`));
  }, limitMs);
  return () => clearTimeout(timer);
}
