import {
  DEFAULT_VHOST,
  type MillraceConfig,
  type VhostConfig,
  vhostFor,
} from '../config/millrace-config.ts';
import { ServerError } from '../errors/server-error.ts';
import type { RequestedName } from '../native/boundary/names.ts';
import type { Session } from '../sessions/session.ts';
import { streamUrl } from '../streams/stream-key.ts';
import { checkStreamName } from '../streams/stream-name.ts';
import type { AdmissionRequest } from './admission.ts';

/**
 * Finds the vhost that serves a name. Names without a vhost of their own belong to the default one.
 * @throws ServerError `VHOST_UNKNOWN` when there is neither, or it is off.
 */
export function findVhost(config: MillraceConfig, candidate: string): VhostConfig {
  const vhost = vhostFor(config, candidate);
  if (!vhost?.enabled) {
    throw new ServerError('VHOST_UNKNOWN', vhost ? `vhost ${vhost.name} is off` : undefined);
  }
  return vhost;
}

/**
 * Turns what a peer asks for into a request to decide on.
 * @param protocol  label of the protocol that the peer speaks.
 * @throws ServerError `VHOST_UNKNOWN`, `NAME_INVALID`, `STREAM_NAME_EMPTY`.
 */
export function identify(
  config: MillraceConfig,
  session: Pick<Session, 'cid' | 'ip'>,
  protocol: string,
  action: AdmissionRequest['action'],
  name: RequestedName,
): AdmissionRequest {
  const vhost = findVhost(config, name.vhost);
  checkStreamName(name.app, name.stream);
  const key = { vhost: vhost.name, app: name.app, stream: name.stream };
  return {
    action,
    protocol,
    key,
    streamUrl: streamUrl(key),
    vhost,
    clientId: session.cid,
    ip: name.ip || session.ip,
    peerIp: (name.ip_trusted && name.ip) || session.ip,
    param: userParam(name.param),
    tcUrl: name.tc_url,
    pageUrl: name.page_url,
    authorization: name.authorization ?? '',
  };
}

/** Players that take the vhost from the host name add nothing but the default vhost's name. */
function userParam(param: string): string {
  return param === `?vhost=${DEFAULT_VHOST}` ? '' : param;
}
