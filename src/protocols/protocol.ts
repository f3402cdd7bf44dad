import type { MillraceConfig } from '../config/millrace-config.ts';
import type { PlayOptions, PublishOptions } from '../native/boundary.ts';
import type { AdmissionRequest, AdmissionStep } from './admission.ts';
import type { Hooks } from './hooks.ts';

/** What one protocol adds to admission: its order of questions, and the options of its sessions. */
export interface Protocol {
  /** Label in events of the engine, log, API and callbacks. */
  readonly name: string;
  /** What a publisher must pass, in order; the claim of the name follows. None: it cannot publish. */
  publishSteps?(hooks: Hooks): readonly AdmissionStep[];
  /** What a player must pass, in order. */
  playSteps(hooks: Hooks): readonly AdmissionStep[];
  publishOptions?(config: MillraceConfig, request: AdmissionRequest): PublishOptions;
  /** @param durationMs  what the peer asked for; 0 or less is no limit. */
  playOptions(request: AdmissionRequest, durationMs: number): PlayOptions;
}
