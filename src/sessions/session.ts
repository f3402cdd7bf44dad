import type { ErrorCode } from '../errors/codes.ts';
import type { Logger } from '../log/logger.ts';
import type { ConnectRequested } from '../native/boundary/rtmp.ts';
import type { SessionOpened } from '../native/boundary/session.ts';
import type { AdmissionRequest } from '../protocols/admission.ts';
import type { ClientDescription } from '../statistics/client-description.ts';
import type { Playback, Publication } from '../streams/registry.ts';

/** What a session is doing. */
export type SessionState =
  | { readonly at: 'connected' }
  /** Waits for the decision about a publish or play. */
  | { readonly at: 'admitting'; readonly abort: AbortController }
  | {
      readonly at: 'publishing';
      readonly publication: Publication;
      readonly request: AdmissionRequest;
    }
  | { readonly at: 'playing'; readonly playback: Playback; readonly request: AdmissionRequest }
  | { readonly at: 'closed' };

/** One peer of the engine, as the control plane sees it. */
export class Session {
  /** Id in the engine. */
  readonly id: number;
  /** Context id: in all log lines, in callbacks, and for the peer. */
  readonly cid: string;
  /** Label in log, API and callbacks. */
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
  /** Port of the listener. */
  readonly localPort: number;
  readonly tls: boolean;
  readonly log: Logger;
  state: SessionState = { at: 'connected' };
  /** What the peer said in the RTMP `connect`, once it did. */
  connect: ConnectRequested | undefined;
  /** What it is to API and metrics, once it has asked to publish or play. */
  description: ClientDescription | undefined;
  /** Error that was logged when the session was refused or ended, so that its close says no more. */
  reported: ErrorCode | undefined;

  constructor(opened: Omit<SessionOpened, 'type'>, log: Logger) {
    this.id = opened.session;
    this.cid = opened.cid;
    this.protocol = opened.protocol;
    this.ip = opened.ip;
    this.port = opened.port;
    this.localPort = opened.local_port;
    this.tls = opened.tls;
    this.log = log;
  }
}
