import type { MillraceConfig } from '../config/millrace-config.ts';
import type { ServerIdentity } from '../identity/server-identity.ts';
import type { MachineSample } from '../machine/machine-sampler.ts';
import type { Statistics } from '../statistics/statistics.ts';

/** What metrics are made from. */
export interface MetricsContext {
  readonly identity: ServerIdentity;
  readonly config: () => MillraceConfig;
  readonly statistics: Statistics;
  readonly machine: { readonly latest: MachineSample };
  /** Wall clock, ms. */
  readonly startedAtMs: number;
  /** Connections of the engine. */
  readonly connections: () => number;
  /** Requests that wait for their decision. */
  readonly pendingAdmissions: () => number;
}
