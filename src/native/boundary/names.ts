import type { ErrorCode } from '../../errors/codes.ts';

/** A session of the engine: a number with a generation. Commands for one that is gone do nothing. */
export type SessionId = number;

/** An HTTP request that waits for its answer. */
export type RequestId = number;

/** A listener of the engine. */
export type ListenerId = number;

/** Name of a stream in the engine: its stream url, e.g. `/live/livestream`. */
export type EngineStreamKey = string;

/** Why something ended; `NONE` when it ended as it should. */
export type EndCode = ErrorCode | 'NONE';

/** The parts of a stream's name, as the peer wrote them. */
export interface RequestedName {
  /** Candidate: what the peer named, before the configuration was asked. */
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** Query of the user, with its `?`. */
  readonly param: string;
  readonly tc_url: string;
  readonly page_url: string;
  /** Of the client where a proxy stands before the server; the peer's when it is left out. */
  readonly ip?: string;
  /** Value of the HTTP header `Authorization`; left out where the protocol has none. */
  readonly authorization?: string;
  /** A trusted proxy says so: `ip` holds for access rules too. */
  readonly ip_trusted?: boolean;
}

/** What a caster publishes, from the url of its output. */
export interface StreamName {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  readonly param: string;
  readonly tc_url: string;
}
