import type { ErrorCode } from '../../errors/codes.ts';
import type { EndCode, SessionId } from './names.ts';

/** Why a request was refused. */
export interface Rejection {
  readonly code: ErrorCode;
  /** For the peer, where its protocol has a place for it. */
  readonly text: string;
  readonly http_status?: number;
}

/** A peer connected. */
export interface SessionOpened {
  readonly type: 'session_opened';
  readonly session: SessionId;
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
  /** Port of the listener. */
  readonly local_port: number;
  readonly tls: boolean;
  /** Context id: 8 characters [0-9a-z]. */
  readonly cid: string;
}

export interface SessionClosed {
  readonly type: 'session_closed';
  readonly session: SessionId;
  readonly code: EndCode;
  readonly detail: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** Times the peer was too slow and skipped to a random access point. */
  readonly skips: number;
}

/** A fault that repeats; the engine counts and reports it at most once a second. */
export interface Trouble {
  readonly type: 'trouble';
  /** The last one it happened to; 0 for none. */
  readonly session?: SessionId;
  readonly area: string;
  readonly code: ErrorCode;
  readonly detail: number;
  readonly count: number;
  /** Of the last one that was no session, where it is known. */
  readonly ip?: string;
  readonly port?: number;
}
