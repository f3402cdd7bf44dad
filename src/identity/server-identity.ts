import { randomId } from './random-id.ts';

/** Who this server is, for API, callbacks and log. */
export interface ServerIdentity {
  /** `server_id`: the same after a restart. */
  readonly serverId: string;
  /** Changes at every start, so that others notice a restart. */
  readonly serviceId: string;
  /** Context id of lines that belong to no session. */
  readonly cid: string;
  readonly pid: number;
}

/** @param serverId  a random one when there is none. */
export function makeIdentity(serverId: string | undefined): ServerIdentity {
  return {
    serverId: serverId || randomServerId(),
    serviceId: randomId(8),
    cid: randomId(8),
    pid: process.pid,
  };
}

/** A server id as SRS makes them. */
export function randomServerId(): string {
  return `vid-${randomId(7)}`;
}
