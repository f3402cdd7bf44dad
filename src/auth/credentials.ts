import { ServerError } from '../errors/server-error.ts';
import type { AdmissionRequest, AdmissionStep } from '../protocols/admission.ts';
import { givenCredentials } from './given-credentials.ts';
import { PasswordChecks } from './password-checks.ts';
import { matchesPath } from './path-pattern.ts';
import { checkToken } from './token.ts';

/** `auth` of the vhosts: signed tokens, and users with passwords. */
export class Credentials {
  readonly #passwords = new PasswordChecks();

  /** The step of admission that asks for a token or a user, where the vhost wants one. */
  readonly step: AdmissionStep = (request) => {
    const { vhost, action } = request;
    const { auth } = vhost;
    if (!auth.enabled || !auth[action]) {
      return undefined;
    }
    const given = givenCredentials(request, auth.tokenParam);
    switch (given.kind) {
      case 'token':
        checkToken(
          given.token,
          { keys: auth.tokenKeys, clockSkewMs: auth.clockSkewMs },
          { action, vhost: vhost.name, path: pathOf(request), ip: request.peerIp },
          Date.now(),
        );
        return undefined;
      case 'user':
        return this.#checkUser(request, given.name, given.password);
      case 'none':
        throw new ServerError('CREDENTIALS_MISSING');
    }
  };

  async #checkUser(request: AdmissionRequest, name: string, password: string): Promise<void> {
    const { vhost, action, peerIp } = request;
    const user = vhost.auth.users.find((one) => one.name === name);
    await this.#passwords.check(user, password, peerIp);
    const path = pathOf(request);
    const isAllowed = user?.rights.some(
      (right) =>
        (right.action === action || right.action === 'all') && matchesPath(right.path, path),
    );
    if (!isAllowed) {
      throw new ServerError('RIGHT_MISSING', `user "${name}" may not ${action} ${path}`);
    }
  }
}

function pathOf({ key }: AdmissionRequest): string {
  return `${key.app}/${key.stream}`;
}
