import type { Log } from '../log/logger.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import type { EndCode } from '../native/boundary/names.ts';
import type { SessionClosed, SessionOpened } from '../native/boundary/session.ts';
import type { MediaStopped } from '../native/boundary/stream.ts';
import type { AdmissionRequest } from '../protocols/admission.ts';
import type { StreamRegistry } from '../streams/registry.ts';
import { Session } from './session.ts';
import { closedLine, openedLine } from './session-lines.ts';

/** Ways a session ends that are nobody's fault, beside those that were reported already. */
const QUIET_ENDS: ReadonlySet<string> = new Set([
  'NONE',
  'PEER_CLOSED',
  'PUBLISHER_GONE',
  'KICKED',
  'SHUTTING_DOWN',
]);

/** Who wants to hear of ends; `Callbacks` has the meaning of these. */
export interface SessionEnds {
  ended(request: AdmissionRequest): void;
  closed(clientId: string, bytes: { readonly bytesIn: number; readonly bytesOut: number }): void;
}

/** Whether a session that ended so has ended as it should. */
export function isQuietEnd(code: EndCode): boolean {
  return QUIET_ENDS.has(code);
}

/** All sessions of the engine, from `session_opened` to `session_closed`. */
export class Sessions {
  readonly #byId = new Map<number, Session>();
  readonly #registry: StreamRegistry;
  readonly #ends: SessionEnds;
  readonly #log: Log;
  readonly #lines: RepeatedLines;
  readonly #faults: RepeatedLines;

  /**
   * @param ends    told what ended, in the order of the events.
   * @param lines   lines about the usual course of sessions.
   * @param faults  lines about sessions that ended because of an error.
   */
  constructor(
    registry: StreamRegistry,
    ends: SessionEnds,
    log: Log,
    lines: RepeatedLines,
    faults: RepeatedLines,
  ) {
    this.#registry = registry;
    this.#ends = ends;
    this.#log = log;
    this.#lines = lines;
    this.#faults = faults;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** @return undefined for a session that is gone. */
  get(id: number): Session | undefined {
    return this.#byId.get(id);
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#byId.values();
  }

  open(event: Omit<SessionOpened, 'type'>): Session {
    const session = new Session(event, this.#log.context(event.cid));
    this.#byId.set(session.id, session);
    this.#lines.write(session.log, 'info', session.ip, openedLine(session));
    return session;
  }

  /** The session publishes or plays no more; its name is free at once. */
  stopMedia(event: Pick<MediaStopped, 'session' | 'code'>): void {
    const session = this.#byId.get(event.session);
    if (session && this.#letGo(session)) {
      session.state = { at: 'connected' };
    }
  }

  /**
   * Frees the name that a session publishes before its end is dealt with. Loops report independently:
   * the publisher that comes back may stand before its own end in one batch of events.
   */
  freeName(id: number): void {
    const session = this.#byId.get(id);
    if (session?.state.at === 'publishing') {
      this.#registry.release(session.state.publication);
    }
  }

  close(event: SessionClosed): void {
    const session = this.#byId.get(event.session);
    if (!session) {
      return;
    }
    this.#byId.delete(session.id);
    this.#letGo(session);
    session.state = { at: 'closed' };
    this.#ends.closed(session.cid, { bytesIn: event.bytes_in, bytesOut: event.bytes_out });
    if (isQuietEnd(event.code) || session.reported === event.code) {
      this.#lines.write(session.log, 'info', session.ip, closedLine(event));
    } else {
      const line = `${closedLine(event)}, ip=${session.ip}`;
      this.#faults.write(session.log, 'warn', `${event.code} ${session.ip}`, line);
    }
  }

  /** Forgets everything, when the engine has stopped and tells no more. */
  clear(): void {
    for (const session of this.#byId.values()) {
      this.#letGo(session);
      session.state = { at: 'closed' };
    }
    this.#byId.clear();
  }

  /** Gives up what the session holds. @return whether there was anything. */
  #letGo({ state, log, ip }: Session): boolean {
    switch (state.at) {
      case 'admitting':
        state.abort.abort(new PeerGone());
        return true;
      case 'publishing':
        this.#registry.release(state.publication);
        this.#ends.ended(state.request);
        this.#lines.write(log, 'info', ip, `cleanup when unpublish, url=${state.publication.url}`);
        return true;
      case 'playing':
        this.#registry.leave(state.playback);
        this.#ends.ended(state.request);
        return true;
      case 'connected':
      case 'closed':
        return false;
    }
  }
}

/** Ends an admission whose answer nobody waits for. */
class PeerGone extends Error {
  override readonly name = 'PeerGone';

  constructor() {
    super('the peer has gone');
  }
}
