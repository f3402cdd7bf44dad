import { type Action, checkAccess } from '../auth/access-rules.ts';
import { checkReferer } from '../auth/referer.ts';
import type { AdmissionStep } from './admission.ts';
import { type Hooks, hookSteps } from './hooks.ts';
import type { Protocol } from './protocol.ts';

/** The parts of the server that admission asks. */
export interface AdmissionServices {
  /** Functions of the program that holds the server. */
  readonly hooks: Hooks;
}

/**
 * Everything that a peer must pass before it publishes or plays, in order, whatever its protocol: the
 * only list of steps. The order is that of SRS, where `on_connect` is called only when the name of the
 * stream is known. For a publisher the claim of its name follows.
 */
export function admissionSteps(
  { connects, tellsPage }: Pick<Protocol, 'connects' | 'tellsPage'>,
  action: Action,
  { hooks }: AdmissionServices,
): readonly AdmissionStep[] {
  const [hook, name] =
    action === 'publish'
      ? [hooks.onPublish, 'onPublish' as const]
      : [hooks.onPlay, 'onPlay' as const];
  return [
    ...(tellsPage ? [refererOfAll] : []),
    ...(connects ? hookSteps('onConnect', hooks.onConnect) : []),
    security,
    ...(tellsPage ? [refererOfAction] : []),
    ...hookSteps(name, hook),
  ];
}

/** `refer.all` of the vhost. */
const refererOfAll: AdmissionStep = ({ vhost, pageUrl }) =>
  checkReferer(vhost.refer, 'all', pageUrl);

/** `refer.publish` or `refer.play` of the vhost. */
const refererOfAction: AdmissionStep = ({ vhost, action, pageUrl }) =>
  checkReferer(vhost.refer, action, pageUrl);

/** `security` of the vhost. */
const security: AdmissionStep = ({ vhost, action, peerIp }) =>
  checkAccess(vhost.security, action, peerIp);
