import { ServerError } from '../errors/server-error.ts';
import type { AdmissionRequest, AdmissionStep } from './admission.ts';

/** What a hook is told about the peer that asks. */
export interface HookRequest {
  readonly protocol: string;
  /** Context id: the same in log lines, events and callbacks. */
  readonly clientId: string;
  /** Address of the client, as a proxy before the server tells it (`X-Forwarded-For`). */
  readonly ip: string;
  /** `__defaultVhost__` for names without a vhost of their own. */
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** Whole name, e.g. `/live/livestream`. */
  readonly streamUrl: string;
  /** Query of the user, with its `?`, e.g. `?token=abc`; empty when there is none. */
  readonly param: string;
  /** As the peer sent it. */
  readonly tcUrl: string;
  /** Page that holds the player; empty when the peer did not say. */
  readonly pageUrl: string;
}

/**
 * Decides about one peer. Returning, or resolving, admits it. Throwing refuses it: with the code of a
 * `ServerError`, else with `ADMISSION_REFUSED`. All hooks of one admission share the time of
 * `millrace.admission_timeout_ms`; whoever needs longer has refused.
 * @param signal  aborted when the peer has gone or time is up.
 */
export type Hook = (request: HookRequest, signal: AbortSignal) => void | Promise<void>;

/** Functions of the program that holds the server. */
export interface Hooks {
  /** RTMP only, before `onPublish` and `onPlay`; called again when a connection publishes anew. */
  readonly onConnect?: Hook;
  readonly onPublish?: Hook;
  readonly onPlay?: Hook;
}

/** The step that asks a hook; none for no hook. */
export function hookSteps(name: keyof Hooks, hook: Hook | undefined): readonly AdmissionStep[] {
  return hook === undefined ? [] : [(request, signal) => ask(name, hook, request, signal)];
}

async function ask(
  name: keyof Hooks,
  hook: Hook,
  request: AdmissionRequest,
  signal: AbortSignal,
): Promise<void> {
  try {
    await hook(hookRequest(request), signal);
  } catch (cause) {
    throw cause instanceof ServerError
      ? cause
      : new ServerError('ADMISSION_REFUSED', `${name} refused`, { cause });
  }
}

function hookRequest(request: AdmissionRequest): HookRequest {
  const { protocol, clientId, ip, key, streamUrl, param, tcUrl, pageUrl } = request;
  return { protocol, clientId, ip, ...key, streamUrl, param, tcUrl, pageUrl };
}
