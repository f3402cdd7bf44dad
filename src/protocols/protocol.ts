import type { MillraceConfig } from '../config/millrace-config.ts';
import type { PlayOptions, PublishOptions } from '../native/boundary/stream.ts';
import type { AdmissionRequest, AdmissionStep } from './admission.ts';

/**
 * What one protocol adds to admission. The questions that a peer must pass are the same for all of
 * them, see `steps.ts`; a protocol only says which parts it has.
 */
export interface Protocol {
  /** Label in events of the engine, log, API and callbacks. */
  readonly name: string;
  /**
   * Whether a peer connects before it says what it wants: then `onConnect` is asked first, and
   * `on_connect` and `on_close` are called.
   */
  readonly connects: boolean;
  /** Whether `refer` is tested: whether peers tell the page that holds the player, as RTMP does. */
  readonly tellsPage: boolean;
  /** Refuses where the vhost does not serve the protocol; asked before everything else. */
  readonly enabled?: AdmissionStep;
  /** None: it cannot publish. */
  publishOptions?(config: MillraceConfig, request: AdmissionRequest): PublishOptions;
  /** @param durationMs  what the peer asked for; 0 or less is no limit. */
  playOptions(request: AdmissionRequest, durationMs: number): PlayOptions;
}
