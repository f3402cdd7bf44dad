import type { ServerIdentity } from '../identity/server-identity.ts';

/** What the resources of the API read from. */
export interface ApiContext {
  readonly identity: ServerIdentity;
}

/** The fields that every answer begins with, in this order. */
export function answerHead({ identity }: ApiContext) {
  const { serverId, serviceId, pid } = identity;
  // A string, because pids of SRS are.
  return { code: 0, server: serverId, service: serviceId, pid: String(pid) };
}
