import { isFrom } from '../../auth/access-rules.ts';
import type { MillraceConfig } from '../../config/millrace-config.ts';
import { errorTable } from '../../errors/codes.ts';
import { errorCodeFrom, ServerError } from '../../errors/server-error.ts';
import { randomId } from '../../identity/random-id.ts';
import type { NativeEngine } from '../../native/boundary/engine.ts';
import type { SessionId } from '../../native/boundary/names.ts';
import type { SessionClosed } from '../../native/boundary/session.ts';
import type { StreamTracks, TranscodingChanged } from '../../native/boundary/stream.ts';
import type {
  WebrtcConnected,
  WebrtcLayer,
  WebrtcLayers,
  WebrtcSentLayer,
  WebrtcTrouble,
} from '../../native/boundary/webrtc.ts';
import type { Session } from '../../sessions/session.ts';
import type { Sessions } from '../../sessions/sessions.ts';
import type { StreamRegistry } from '../../streams/registry.ts';
import type { AdmissionRequest } from '../admission.ts';
import type { Admissions } from '../admissions.ts';
import { type Answer, type AnswerOptions, answerOffer } from './answer.ts';
import {
  type CandidatePorts,
  type CandidateSources,
  candidateValues,
  findCandidateHosts,
} from './candidates.ts';
import { isTranscoded, trackCodecOf } from './codecs.ts';
import { explainConnection } from './explain.ts';
import { areCredentials, type IceCredentials, localCredentials } from './ice.ts';
import { isLayerWish } from './layers.ts';
import type { OfferRequest } from './offer-request.ts';
import { type Peer, Peers, peerId } from './peers.ts';
import { PendingPeers } from './pending-peers.ts';
import type { SessionDescription } from './sdp/description.ts';
import { parseSdp } from './sdp/parse.ts';
import { sessionOptions } from './session-options.ts';

/** What WebRTC signaling works with. */
export interface SignalingContext {
  readonly config: () => MillraceConfig;
  readonly engine: Pick<
    NativeEngine,
    | 'webrtc_certificate'
    | 'webrtc_create'
    | 'webrtc_restart_ice'
    | 'webrtc_choose_layer'
    | 'close'
    | 'stats'
  >;
  readonly registry: StreamRegistry;
  readonly sessions: Pick<Sessions, 'open' | 'get'>;
  readonly admissions: Pick<Admissions, 'admit' | 'enter' | 'abandon'>;
  /** Ports that take media at present. */
  readonly ports: () => CandidatePorts;
  readonly candidateSources?: CandidateSources;
}

/** An offer that was answered. */
export interface Answered {
  readonly sdp: string;
  readonly peer: Peer;
  /** `<local ufrag>:<remote ufrag>`, for the life of the session. */
  readonly id: string;
}

const TOKEN_LENGTH = 9;
type Tracks = Pick<StreamTracks, 'video' | 'audio'>;

/**
 * Answers WebRTC offers and keeps what their resources need. Parsing and deciding happen here, on the main
 * thread; the engine is told the outcome and moves the media.
 */
export class Signaling {
  readonly #context: SignalingContext;
  readonly #peers = new Peers();
  readonly #pending = new PendingPeers();
  readonly #tracks = new Map<string, Tracks>();
  /** Streams whose audio cannot be transcoded at present. */
  readonly #untranscodable = new Set<string>();

  constructor(context: SignalingContext) {
    this.#context = context;
    context.registry.on('unpublished', ({ url }) => {
      this.#tracks.delete(url);
      this.#untranscodable.delete(url);
    });
  }

  /**
   * @throws ServerError `RTC_DISABLED`, `RTC_STREAM_BUSY`, `SDP_TOO_LARGE`, `SDP_INVALID`,
   * `SDP_NOT_ACCEPTABLE`, `ICE_CREDENTIAL_INVALID`, `RTC_TOO_MANY_PENDING`, and what admission refuses with.
   */
  async offer(request: OfferRequest): Promise<Answered> {
    const { rtcServer, millrace } = this.#context.config();
    if (!rtcServer.enabled) {
      throw new ServerError('RTC_DISABLED', 'rtc_server.enabled is off');
    }
    const isTrusted = (ip: string) => millrace.trustedProxies.some((from) => isFrom(from, ip));
    const name = { ...request.name, ip_trusted: isTrusted(request.peerIp) };
    const address = (name.ip_trusted && name.ip) || request.peerIp;
    // A proxy brings the sessions of many.
    const limit = isTrusted(address) ? 0 : millrace.maxWebrtcPendingPerAddress;
    const place = this.#pending.take(address, limit || Number.POSITIVE_INFINITY);
    try {
      return await this.#answer({ ...request, name }, place);
    } catch (error) {
      place();
      throw error;
    }
  }

  async #answer(request: OfferRequest, place: () => void): Promise<Answered> {
    const { rtcServer } = this.#context.config();
    const offer = parseSdp(request.sdp);
    const local = this.#localCredentials(request.query, offer);
    const candidates = candidateValues(
      await findCandidateHosts(
        rtcServer,
        [...request.query.getAll('eip'), ...request.query.getAll('candidate')],
        request.host,
        this.#context.candidateSources,
      ),
      this.#context.ports(),
    );
    if (candidates.length === 0) {
      throw new ServerError('RTC_DISABLED', 'no WebRTC port is open');
    }
    const cid = randomId(8);
    const make = (admitted: AdmissionRequest): Answer =>
      answerOffer(offer, this.#answerOptions(request, admitted, local, candidates));
    // What cannot be answered is refused before callbacks hear of it.
    const admitted = await this.#context.admissions.admit(
      'webrtc',
      request.action,
      request.name,
      { cid, ip: request.peerIp },
      (candidate) => {
        this.#checkAllowed(candidate);
        if (flag(request.query, 'wait') === false) {
          this.#checkPublished(candidate);
        }
        make(candidate);
      },
    );
    try {
      // Meanwhile another may have the name, or the tracks of the source may have changed.
      this.#checkAllowed(admitted);
      return this.#begin(request, admitted, make(admitted), local, candidates, place);
    } catch (error) {
      this.#context.admissions.abandon(admitted);
      throw error;
    }
  }

  /** The session of a resource. @throws ServerError `RTC_SESSION_NOT_FOUND`, `HTTP_FORBIDDEN`. */
  find(id: string, token: string): Peer {
    const peer = this.#peers.get(id);
    if (!peer) {
      throw new ServerError('RTC_SESSION_NOT_FOUND');
    }
    if (peer.token !== token) {
      throw new ServerError('HTTP_FORBIDDEN', 'the token is of another session');
    }
    return peer;
  }

  end(peer: Peer): void {
    this.#context.engine.close(peer.session, 'PEER_CLOSED');
  }

  /**
   * New credentials on both sides (RFC 8445 §9); media goes on meanwhile.
   * @throws ServerError `ICE_CREDENTIAL_INVALID`.
   */
  restart(peer: Peer, remote: IceCredentials): void {
    if (!areCredentials(remote)) {
      throw new ServerError('ICE_CREDENTIAL_INVALID', 'ice-ufrag or ice-pwd of the fragment');
    }
    peer.local = localCredentials();
    peer.remote = { ufrag: ownText(remote.ufrag) };
    peer.restarts += 1;
    this.#context.engine.webrtc_restart_ice(peer.session, {
      local_ufrag: peer.local.ufrag,
      local_pwd: peer.local.pwd,
      remote_ufrag: remote.ufrag,
      remote_pwd: remote.pwd,
    });
  }

  /**
   * What a player wants from now on, in place of `layer` of its URL.
   * @param layer  a rid, `low`, `high`, or empty for the best that fits.
   * @throws ServerError `RTC_REQUEST_INVALID` of a publisher, and for what no rid can be.
   */
  chooseLayer({ session, request }: Peer, layer: unknown): void {
    if (request.action !== 'play') {
      throw new ServerError('RTC_REQUEST_INVALID', 'only players choose a layer');
    }
    if (!isLayerWish(layer)) {
      throw new ServerError('RTC_REQUEST_INVALID', 'layer is a rid, low, high or empty');
    }
    this.#context.engine.webrtc_choose_layer(session, layer);
  }

  /** {@link chooseLayer} of a session of the engine; false when it is none of WebRTC. */
  chooseLayerOf(session: SessionId, layer: unknown): boolean {
    const peer = this.#peers.ofSession(session);
    if (peer) {
      this.chooseLayer(peer, layer);
    }
    return peer !== undefined;
  }

  /** The layers of simulcast of what a peer publishes or plays; empty when there is only one. */
  layersFor({ request, layers }: Peer): readonly WebrtcLayer[] {
    const publisher = this.#context.registry.get(request.streamUrl)?.publication?.peer;
    return request.action === 'publish' || !publisher
      ? layers
      : (this.#peers.ofSession(publisher.id)?.layers ?? []);
  }

  onLayers({ session, layers }: WebrtcLayers): void {
    const peer = this.#peers.ofSession(session);
    if (peer) {
      peer.layers = layers;
    }
  }

  onSentLayer(event: WebrtcSentLayer): void {
    const peer = this.#peers.ofSession(event.session);
    if (peer) {
      peer.sentLayer = event;
    }
  }

  /** Whether media can flow, in one sentence. */
  explain(peer: Peer): string {
    const isPublished =
      this.#context.registry.get(peer.request.streamUrl)?.publication !== undefined;
    return explainConnection(peer, isPublished, performance.now());
  }

  /** Why a session that has ended did, for who has its token; undefined when it is not known any more. */
  explainEnded(id: string, token: string): string | undefined {
    const ended = this.#peers.ended(id);
    return ended?.token === token ? ended.message : undefined;
  }

  onTracks(event: StreamTracks): void {
    const known = this.#tracks.get(event.stream);
    if (this.#context.registry.get(event.stream)?.publication) {
      this.#tracks.set(event.stream, { ...known, ...event });
    }
  }

  onTranscoding({ stream, works }: TranscodingChanged): void {
    if (works) {
      this.#untranscodable.delete(stream);
    } else if (this.#tracks.has(stream)) {
      this.#untranscodable.add(stream);
    }
  }

  onConnected(event: WebrtcConnected): void {
    const peer = this.#peers.ofSession(event.session);
    if (peer) {
      peer.place();
      peer.connected = event;
      this.#context.sessions.get(event.session)?.log.info(`webrtc: ${this.explain(peer)}`);
    }
  }

  /** @return the sentence for the log; undefined when the session is not known, or has no trouble any more. */
  onTrouble(event: WebrtcTrouble): string | undefined {
    const peer = this.#peers.ofSession(event.session);
    if (!peer) {
      return undefined;
    }
    peer.trouble = event;
    if (peer.connected && event.code === 'NONE') {
      const { log } = this.#context.sessions.get(event.session) ?? {};
      log?.info(`webrtc: media comes, ${this.explain(peer)}`);
      return undefined;
    }
    return this.explain(peer);
  }

  onClosed({ session, code }: Pick<SessionClosed, 'session' | 'code'>): void {
    this.#peers.ofSession(session)?.place();
    this.#peers.remove(session, (peer) =>
      peer.connected
        ? `${this.explain(peer)}; the session has ended: ${endText(code)}`
        : this.explain(peer),
    );
  }

  #begin(
    request: OfferRequest,
    admitted: AdmissionRequest,
    answer: Answer,
    local: IceCredentials,
    candidates: readonly string[],
    place: () => void,
  ): Answered {
    const { config, engine, admissions } = this.#context;
    const encrypt = flag(request.query, 'encrypt') ?? config().rtcServer.encrypt;
    const layer = request.query.get('layer') ?? undefined;
    const options = sessionOptions(config(), admitted, answer, local, encrypt, layer);
    const id = engine.webrtc_create(options);
    const session = this.#openSession(id, admitted);
    try {
      admissions.enter(session, admitted);
    } catch (error) {
      engine.close(id, errorCodeFrom(error));
      throw error;
    }
    if (request.action === 'publish') {
      // Until its first packets tell more: a player may come before them.
      this.#tracks.set(admitted.streamUrl, negotiatedTracks(answer));
    }
    const peer: Peer = {
      session: id,
      token: randomId(TOKEN_LENGTH),
      request: admitted,
      mid: ownText(answer.media[0]?.mid ?? '0'),
      candidates,
      local,
      remote: { ufrag: ownText(answer.remote.ufrag) },
      restarts: 0,
      place,
      startedAtMs: performance.now(),
      connected: undefined,
      trouble: undefined,
      layers: [],
      sentLayer: undefined,
    };
    return { sdp: answer.sdp, peer, id: this.#peers.add(peer) };
  }

  #openSession(session: SessionId, { clientId, ip }: AdmissionRequest): Session {
    const { sessions } = this.#context;
    const opened = { session, protocol: 'webrtc', ip, port: 0, local_port: 0, tls: false };
    return sessions.get(session) ?? sessions.open({ ...opened, cid: clientId });
  }

  #localCredentials(query: URLSearchParams, offer: SessionDescription): IceCredentials {
    const ufrag = query.get('ice-ufrag');
    const pwd = query.get('ice-pwd');
    const local = localCredentials({
      ...(ufrag === null ? {} : { ufrag }),
      ...(pwd === null ? {} : { pwd }),
    });
    const remote = { ufrag: offer.media[0]?.iceUfrag ?? '' };
    if (this.#peers.has(peerId({ local, remote }))) {
      throw new ServerError('ICE_CREDENTIAL_INVALID', 'ice-ufrag is in use');
    }
    return local;
  }

  #answerOptions(
    { query, action }: OfferRequest,
    { key, vhost, streamUrl }: AdmissionRequest,
    credentials: IceCredentials,
    candidates: readonly string[],
  ): AnswerOptions {
    const { config, engine } = this.#context;
    const certificate = config().rtcServer.ecdsa ? 'ecdsa' : 'rsa';
    const codec = query.get('codec') ?? undefined;
    return {
      role: action,
      streamId: `${key.app}/${key.stream}`,
      certificate,
      fingerprint: engine.webrtc_certificate(certificate).fingerprint,
      credentials,
      candidates,
      dtlsRole: vhost.rtc.dtlsRole,
      dtls: flag(query, 'dtls') ?? true,
      nack: vhost.rtc.nack,
      twcc: vhost.rtc.twcc,
      videoWish: query.get('vcodec') ?? codec,
      audioWish: query.get('acodec') ?? codec,
      tracks: this.#tracks.get(streamUrl),
      audioMissing: this.#audioMissing(streamUrl),
    };
  }

  /** Why players get no audio of a stream, rather than a track that is silent; undefined when they get it. */
  #audioMissing(streamUrl: string): string | undefined {
    const audio = this.#tracks.get(streamUrl)?.audio;
    if (!audio || !isTranscoded(audio)) {
      return undefined;
    }
    if (this.#context.engine.stats().transcoding === 'unavailable') {
      return `the audio of the stream is ${audio.codec}, and the libraries to make Opus of it are missing`;
    }
    return this.#untranscodable.has(streamUrl)
      ? `the audio of the stream is ${audio.codec}, of which no Opus can be made`
      : undefined;
  }

  /** `wait=false`: a player who does not want to wait as players of SRS do. */
  #checkPublished({ action, streamUrl }: AdmissionRequest): void {
    if (action === 'play' && !this.#context.registry.get(streamUrl)?.publication) {
      throw new ServerError('STREAM_NOT_FOUND', `nobody publishes ${streamUrl}`);
    }
  }

  #checkAllowed({ vhost, action, streamUrl }: AdmissionRequest): void {
    if (!vhost.rtc.enabled) {
      throw new ServerError('RTC_DISABLED', `rtc.enabled is off in vhost ${vhost.name}`);
    }
    const publisher = this.#context.registry.get(streamUrl)?.publication?.peer;
    if (!publisher) {
      return;
    }
    if (action === 'publish') {
      throw new ServerError('RTC_STREAM_BUSY', `${streamUrl} is published by ${publisher.cid}`);
    }
    if (publisher.protocol !== 'webrtc' && !vhost.rtc.rtmpToRtc) {
      throw new ServerError('RTC_DISABLED', `rtc.rtmp_to_rtc is off in vhost ${vhost.name}`);
    }
  }
}

/** The same text for itself: a substring keeps the text that it is of, which is a whole SDP. */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}

function endText(code: SessionClosed['code']): string {
  return code === 'NONE' ? 'as it was to' : errorTable[code].text;
}

/** What a publisher is going to send. */
function negotiatedTracks({ media }: Answer): Tracks {
  const codecOf = (wanted: 'audio' | 'video') => {
    const name = media.find(({ kind }) => kind === wanted)?.codecs[0]?.name;
    return name === undefined ? undefined : trackCodecOf(name);
  };
  const video = codecOf('video');
  const audio = codecOf('audio');
  return {
    ...(video === undefined
      ? {}
      : { video: { codec: video, width: 0, height: 0, profile: 0, level: 0 } }),
    ...(audio === undefined
      ? {}
      : { audio: { codec: audio, sample_rate: 0, channels: 0, profile: 0 } }),
  };
}

/** `true` or `false` of a parameter; undefined when the query does not say. */
function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : value !== 'false';
}
