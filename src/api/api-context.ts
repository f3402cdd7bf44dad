import type { FastifyInstance } from 'fastify';
import type { MillraceConfig } from '../config/millrace-config.ts';
import type { ServerIdentity } from '../identity/server-identity.ts';
import type { MachineSample } from '../machine/machine-sampler.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { ReloadRequests } from './reload-requests.ts';

/** What the resources of the API read from, and what they may do. */
export interface ApiContext {
  readonly identity: ServerIdentity;
  /** The configuration of now. */
  readonly config: () => MillraceConfig;
  readonly statistics: Statistics;
  readonly machine: { readonly latest: MachineSample };
  /** Wall clock, ms: when the server started. */
  readonly startedAtMs: number;
  /** Ends a session of the engine. */
  readonly kick: (session: number) => void;
  /** Which layer of simulcast a player gets. @throws ServerError `RTC_REQUEST_INVALID`. */
  readonly chooseLayer: (session: number, layer: string) => void;
  readonly reloads: ReloadRequests;
  /** Text of the metrics. @throws ServerError `EXPORTER_DISABLED`. */
  readonly metrics: () => Promise<string>;
}

/** Adds the routes of one resource. */
export type ApiResource = (app: FastifyInstance, context: ApiContext) => void;

/** The fields that every answer begins with, in this order. */
export function answerHead({ identity }: Pick<ApiContext, 'identity'>, code = 0) {
  const { serverId, serviceId, pid } = identity;
  // A string, because pids of SRS are.
  return { code, server: serverId, service: serviceId, pid: String(pid) };
}
