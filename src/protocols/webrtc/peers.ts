import type { SessionId } from '../../native/boundary/names.ts';
import type {
  WebrtcConnected,
  WebrtcLayer,
  WebrtcSentLayer,
  WebrtcTrouble,
} from '../../native/boundary/webrtc.ts';
import type { AdmissionRequest } from '../admission.ts';
import type { IceCredentials } from './ice.ts';

/** A WebRTC session as signaling knows it: what its resource needs, and what is known of its connection. */
export interface Peer {
  readonly session: SessionId;
  /** Who has it may change and end the session: part of its URL. */
  readonly token: string;
  readonly request: AdmissionRequest;
  /** The first of the m-lines, which carries the transport. */
  readonly mid: string;
  /** Values of `a=candidate` of the answer. */
  readonly candidates: readonly string[];
  local: IceCredentials;
  remote: Pick<IceCredentials, 'ufrag'>;
  /** Number of ICE restarts, for the entity tag. */
  restarts: number;
  /** Gives back its place among those of its address that are not connected yet. */
  readonly place: () => void;
  /** Monotonic, ms. */
  readonly startedAtMs: number;
  connected: WebrtcConnected | undefined;
  /** What the engine last told of a peer that is not connected. */
  trouble: WebrtcTrouble | undefined;
  /** Of a publisher of simulcast. */
  layers: readonly WebrtcLayer[];
  /** Of a player, once it is not all of an only layer. */
  sentLayer: WebrtcSentLayer | undefined;
}

/** `<local ufrag>:<remote ufrag>`, by which SRS names a session. */
export function peerId({ local, remote }: Pick<Peer, 'local' | 'remote'>): string {
  return `${local.ufrag}:${remote.ufrag}`;
}

/** Entity tag of the ICE session, RFC 9725 §4.3. */
export function entityTag(peer: Peer): string {
  return `"${peer.local.ufrag}-${peer.restarts}"`;
}

/** What is still known of a session that has ended. */
export interface EndedPeer {
  readonly token: string;
  /** Why media flowed, or did not. */
  readonly message: string;
}

/** Ended sessions of which somebody may still ask why. */
const MAX_ENDED = 256;

/** The peers that exist, by their name and by their session; and the last ones that did. */
export class Peers {
  readonly #ended = new Map<string, EndedPeer>();
  readonly #byId = new Map<string, Peer>();
  readonly #bySession = new Map<SessionId, { readonly id: string; readonly peer: Peer }>();

  /** The name stays when credentials change: it is part of the resource's URL. */
  add(peer: Peer): string {
    const id = peerId(peer);
    this.#byId.set(id, peer);
    this.#bySession.set(peer.session, { id, peer });
    return id;
  }

  /** Whether the name is free: a client may choose its credentials, and both sides may be repeated. */
  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): Peer | undefined {
    return this.#byId.get(id);
  }

  ofSession(session: SessionId): Peer | undefined {
    return this.#bySession.get(session)?.peer;
  }

  ended(id: string): EndedPeer | undefined {
    return this.#ended.get(id);
  }

  /** @param explain  why media flowed, or did not. */
  remove(session: SessionId, explain: (peer: Peer) => string): void {
    const known = this.#bySession.get(session);
    if (!known) {
      return;
    }
    const { id, peer } = known;
    this.#bySession.delete(session);
    this.#byId.delete(id);
    this.#ended.set(id, { token: peer.token, message: explain(peer) });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) {
      this.#ended.delete(oldest);
    }
  }
}
