export interface LoopStats {
  readonly index: number;
  /** Times the loop woke up since the start. */
  readonly turns: number;
  readonly busy_ns: number;
  /** Longest turn since the last question. */
  readonly longest_turn_ns: number;
}

export interface EngineStats {
  readonly loops: readonly LoopStats[];
  /** TCP connections that are open. */
  readonly connections: number;
  /** Frames that one loop could not hand to another, because that one was behind. */
  readonly dropped_for_loop: number;
  /** Whether FFmpeg's libraries are there; `unknown` until audio was first to be transcoded. */
  readonly transcoding: 'unknown' | 'available' | 'unavailable';
}

/** How one loop was doing at its last report, at most a second ago. */
export interface LoopFigures {
  readonly index: number;
  /** When it reported: monotonic, ms, on the clock of `monotonicMs`; 0 before the first time. */
  readonly at_ms: number;
  /** Turns since the start by their length; the bounds are {@link LOOP_TURN_BOUNDS_MS}. */
  readonly turns_by_length: readonly number[];
  readonly busy_ns: number;
  /** How long after its time the report was made: what timers have to wait. */
  readonly late_ns: number;
  readonly sessions: number;
  readonly streams: number;
  /** Frames from other loops that were not processed yet. */
  readonly frames_waiting: number;
  /** Frames that other loops did not take from it. */
  readonly dropped_for_loop: number;
  /** Blocks of pooled memory that are in use. */
  readonly pool_blocks: number;
  readonly pool_free_bytes: number;
}

/** Upper bounds of the classes of `turns_by_length`; one more class follows (`Loop::kTurnBounds`). */
export const LOOP_TURN_BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 1000] as const;

/** What all sessions have moved so far, as of the last report of their loops. */
export interface EngineReport {
  readonly loops: readonly LoopFigures[];
  /** Names of the numbers of a record: `session`, `at_ms`, and those of `SessionCounters`. */
  readonly columns: readonly string[];
  /** Records one after the other, doubles in the byte order of the machine. */
  readonly sessions: Uint8Array;
  /** Names of the numbers of a record of `transports`: `session`, and those of `TransportFigures`. */
  readonly transport_columns: readonly string[];
  /** As `sessions`, of those alone whose protocol measures the network. */
  readonly transports: Uint8Array;
}
