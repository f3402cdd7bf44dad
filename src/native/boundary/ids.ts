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
