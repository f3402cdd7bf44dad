import { checkAccess } from '../auth/access-rules.ts';
import { checkReferer } from '../auth/referer.ts';
import type { AdmissionStep } from './admission.ts';

/** `refer.all` of the vhost. */
export const refererOfAll: AdmissionStep = ({ vhost, pageUrl }) =>
  checkReferer(vhost.refer, 'all', pageUrl);

/** `refer.publish` or `refer.play` of the vhost. */
export const refererOfAction: AdmissionStep = ({ vhost, action, pageUrl }) =>
  checkReferer(vhost.refer, action, pageUrl);

/** `security` of the vhost. */
export const security: AdmissionStep = ({ vhost, action, peerIp }) =>
  checkAccess(vhost.security, action, peerIp);
