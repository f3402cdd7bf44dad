import { type Action, checkAccess } from '../auth/access-rules.ts';
import type { Credentials } from '../auth/credentials.ts';
import { checkReferer } from '../auth/referer.ts';
import type { Callbacks } from '../callbacks/callbacks.ts';
import type { AdmissionStep } from './admission.ts';
import { type Hooks, hookSteps } from './hooks.ts';
import type { Protocol } from './protocol.ts';

/** The parts of the server that admission asks. */
export interface AdmissionServices {
  /** Functions of the program that holds the server. */
  readonly hooks: Hooks;
  /** `auth`. */
  readonly credentials: Pick<Credentials, 'step'>;
  /** `http_hooks`. */
  readonly callbacks: Pick<Callbacks, 'step' | 'published' | 'ended'>;
}

/**
 * Everything that a peer must pass before it publishes or plays, in order, whatever its protocol: the
 * only list of steps. The order is that of SRS, where `on_connect` is called only when the name of the
 * stream is known. For a publisher the claim of its name follows.
 */
export function admissionSteps(
  { connects, tellsPage, enabled }: Pick<Protocol, 'connects' | 'tellsPage' | 'enabled'>,
  action: Action,
  { hooks, credentials, callbacks }: AdmissionServices,
): readonly AdmissionStep[] {
  return [
    ...(enabled ? [enabled] : []),
    ...(tellsPage ? [refererOfAll] : []),
    ...(connects ? [...hookSteps('onConnect', hooks.onConnect), callbacks.step('on_connect')] : []),
    security,
    ...(tellsPage ? [refererOfAction] : []),
    credentials.step,
    ...(action === 'publish'
      ? [...hookSteps('onPublish', hooks.onPublish), callbacks.step('on_publish')]
      : [...hookSteps('onPlay', hooks.onPlay), callbacks.step('on_play')]),
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
