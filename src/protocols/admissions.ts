import type { CasterOutput } from '../config/caster-output.ts';
import { type MillraceConfig, vhostFor } from '../config/millrace-config.ts';
import { errorTable } from '../errors/codes.ts';
import { describeError, errorCodeFrom, ServerError } from '../errors/server-error.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import type { NativeEngine } from '../native/boundary/engine.ts';
import type { HlsSessionRequested } from '../native/boundary/hls.ts';
import type { RequestedName } from '../native/boundary/names.ts';
import type { ConnectRequested } from '../native/boundary/rtmp.ts';
import type { PlayRequested, PublishRequested } from '../native/boundary/stream.ts';
import type { Session } from '../sessions/session.ts';
import { connectLine, identifiedLine, playLine, publishLine } from '../sessions/session-lines.ts';
import { describeClient, describeOffered } from '../statistics/client-description.ts';
import type { StreamRegistry } from '../streams/registry.ts';
import { type AdmissionRequest, type AdmissionStep, runSteps, startDeadline } from './admission.ts';
import { casterName } from './caster-name.ts';
import { identify } from './identify.ts';
import type { Protocol } from './protocol.ts';
import { connectOptions } from './rtmp/connect-options.ts';
import { type AdmissionServices, admissionSteps } from './steps.ts';

/** What decisions are made from. */
export interface AdmissionsContext {
  /** The configuration of now: a reload replaces it. */
  readonly config: () => MillraceConfig;
  readonly engine: Pick<NativeEngine, 'accept' | 'reject'>;
  readonly registry: StreamRegistry;
  readonly protocols: readonly Protocol[];
  readonly services: AdmissionServices;
  /** What the caster on a port publishes; undefined where there is none. */
  readonly casterOutput: (port: number) => CasterOutput | undefined;
  /** Lines about the usual course of sessions, folded when there are too many. */
  readonly lines: RepeatedLines;
  /** Lines about refusals, folded when they repeat. */
  readonly faults: RepeatedLines;
}

/**
 * An encoder that lost its connection comes back at once, and its new session may ask before the loop of
 * the old one has seen that end: so long the name of a publisher of the same address is waited for.
 */
const COMES_BACK_MS = 500;

type MediaRequested = PublishRequested | PlayRequested | HlsSessionRequested;

interface ProtocolSteps {
  readonly protocol: Protocol;
  readonly publish: readonly AdmissionStep[];
  readonly play: readonly AdmissionStep[];
}

/**
 * Answers every request of the engine exactly once, unless its session goes first. A request that
 * waits for a hook costs one entry here; their number is bounded.
 */
export class Admissions {
  readonly #context: AdmissionsContext;
  readonly #steps: ReadonlyMap<string, ProtocolSteps>;
  #pending = 0;

  constructor(context: AdmissionsContext) {
    this.#context = context;
    this.#steps = new Map(
      context.protocols.map((protocol) => [
        protocol.name,
        {
          protocol,
          publish: admissionSteps(protocol, 'publish', context.services),
          play: admissionSteps(protocol, 'play', context.services),
        },
      ]),
    );
  }

  /** Requests that wait for their decision. */
  get pending(): number {
    return this.#pending;
  }

  connect(session: Session, event: ConnectRequested): void {
    const { config, engine, lines } = this.#context;
    session.connect = event;
    lines.write(session.log, 'info', session.ip, connectLine(event));
    engine.accept(session.id, connectOptions(config(), event.vhost));
  }

  /** Decides about a publish or play. Never rejects: whatever goes wrong refuses this one session. */
  async decide(session: Session, event: MediaRequested): Promise<void> {
    if (session.state.at !== 'connected') {
      this.#refuse(
        session,
        new ServerError('RTMP_COMMAND_UNEXPECTED', `while ${session.state.at}`),
      );
      return;
    }
    const { config } = this.#context;
    const { maxPendingAdmissions, admissionTimeoutMs } = config().millrace;
    if (this.#pending >= maxPendingAdmissions) {
      this.#refuse(session, new ServerError('QUEUE_FULL', `${this.#pending} decisions wait`));
      return;
    }

    const abort = new AbortController();
    const stopDeadline = startDeadline(abort, admissionTimeoutMs);
    session.state = { at: 'admitting', abort };
    this.#pending += 1;
    try {
      await this.#admit(session, event, abort.signal);
    } catch (error) {
      // A session that went or gave up has no answer to wait for.
      if (session.state.at === 'admitting' && session.state.abort === abort) {
        session.state = { at: 'connected' };
        this.#refuse(session, error);
      }
    } finally {
      stopDeadline();
      this.#pending -= 1;
    }
  }

  /**
   * Asks about a peer that came with an offer in an HTTP request, before the engine knows it.
   * @param check  refuses by throwing what no callback needs to hear of.
   * @return what was admitted, to be entered with {@link enter}, or given up with {@link abandon}.
   * @throws ServerError `QUEUE_FULL`, or what refused it.
   */
  async admit(
    label: string,
    action: AdmissionRequest['action'],
    name: RequestedName,
    peer: { readonly cid: string; readonly ip: string },
    check: (request: AdmissionRequest) => void,
  ): Promise<AdmissionRequest> {
    const { config } = this.#context;
    const { maxPendingAdmissions, admissionTimeoutMs } = config().millrace;
    if (this.#pending >= maxPendingAdmissions) {
      throw new ServerError('QUEUE_FULL', `${this.#pending} decisions wait`);
    }
    const { publish, play } = this.#stepsOf(label);
    const request = identify(config(), peer, label, action, name);
    const abort = new AbortController();
    const stopDeadline = startDeadline(abort, admissionTimeoutMs);
    let asks = false;
    this.#pending += 1;
    try {
      await this.#untilNameIsFree(request, abort.signal);
      check(request);
      asks = true;
      await runSteps(action === 'publish' ? publish : play, request, abort.signal);
      return request;
    } catch (error) {
      if (asks) {
        this.abandon(request);
      }
      throw error;
    } finally {
      stopDeadline();
      this.#pending -= 1;
    }
  }

  /** What was admitted comes to nothing. */
  abandon(request: AdmissionRequest): void {
    this.#context.services.callbacks.ended(request);
  }

  /**
   * Enters an admitted peer as publisher or player of its stream.
   * @throws ServerError `STREAM_BUSY`, `LIMIT_STREAM_PLAYERS`, `QUEUE_FULL`.
   */
  enter(session: Session, request: AdmissionRequest): void {
    const { registry, lines, services } = this.#context;
    const publishes = request.action === 'publish';
    session.description ??= describeOffered(request);
    if (publishes) {
      const publication = registry.claim(request.key, peerOf(session, request));
      session.state = { at: 'publishing', publication, request };
      services.callbacks.published(request);
    } else {
      const { maxPlayers } = request.vhost.play;
      const players = registry.get(request.streamUrl)?.players ?? 0;
      if (maxPlayers > 0 && players >= maxPlayers) {
        throw new ServerError('LIMIT_STREAM_PLAYERS', `${request.streamUrl} has ${players}`);
      }
      const playback = registry.join(request.key, peerOf(session, request));
      session.state = { at: 'playing', playback, request };
    }
    const stream = registry.get(request.streamUrl);
    if (stream) {
      const describe = publishes ? publishLine : playLine;
      lines.write(session.log, 'info', session.ip, describe(request.vhost, stream, session.ip));
    }
  }

  async #admit(session: Session, event: MediaRequested, signal: AbortSignal): Promise<void> {
    const action = event.type === 'publish_requested' ? 'publish' : 'play';
    const label = event.type === 'hls_session_requested' ? 'hls' : event.protocol;
    const { protocol, publish, play } = this.#stepsOf(label);
    this.#logIdentified(session, event);

    const output = this.#context.casterOutput(session.localPort);
    const name = output && action === 'publish' ? casterName(output, event) : event;
    const request = identify(this.#context.config(), session, label, action, name);
    session.description = describeClient(session, event, request);
    if (action === 'publish' && !protocol.publishOptions) {
      throw new ServerError('UNSUPPORTED', `publish over ${label}`);
    }
    try {
      await runSteps(action === 'publish' ? publish : play, request, signal);
      await this.#untilNameIsFree(request, signal);
      signal.throwIfAborted();
      if (action === 'publish') {
        this.#publish(session, request, protocol);
      } else {
        const durationMs = event.type === 'play_requested' ? event.duration_ms : undefined;
        this.#play(session, request, protocol, durationMs);
      }
    } catch (error) {
      this.#context.services.callbacks.ended(request);
      throw error;
    }
  }

  /** Returns at once when nobody, or somebody else, publishes the stream. */
  async #untilNameIsFree({ action, streamUrl, ip }: AdmissionRequest, signal: AbortSignal) {
    const { registry } = this.#context;
    if (action === 'publish' && registry.get(streamUrl)?.publication?.peer.ip === ip) {
      const limit = AbortSignal.timeout(COMES_BACK_MS);
      await registry.whenFree(streamUrl, AbortSignal.any([signal, limit]));
    }
  }

  #publish(session: Session, request: AdmissionRequest, protocol: Protocol): void {
    const { config, engine } = this.#context;
    const options = protocol.publishOptions?.(config(), request);
    if (!options) {
      return;
    }
    this.enter(session, request);
    engine.accept(session.id, options);
  }

  #play(
    session: Session,
    request: AdmissionRequest,
    protocol: Protocol,
    durationMs: number | undefined,
  ): void {
    const { engine } = this.#context;
    const options = protocol.playOptions(request, durationMs ?? 0);
    this.enter(session, request);
    engine.accept(session.id, options);
  }

  #stepsOf(label: string): ProtocolSteps {
    const steps = this.#steps.get(label);
    if (!steps) {
      throw new ServerError('UNSUPPORTED', `protocol ${label}`);
    }
    return steps;
  }

  #logIdentified(session: Session, event: MediaRequested): void {
    if (event.type !== 'hls_session_requested') {
      const { config, lines } = this.#context;
      const tokenParam = vhostFor(config(), event.vhost)?.auth.tokenParam;
      lines.write(session.log, 'info', session.ip, identifiedLine(event, tokenParam));
    }
  }

  #refuse(session: Session, error: unknown): void {
    const { engine, faults } = this.#context;
    const code = errorCodeFrom(error);
    session.reported = code;
    const { http, text } = errorTable[code];
    engine.reject(session.id, { code, text, http_status: http });
    const level = code === 'INTERNAL' ? 'error' : 'warn';
    const stack = code === 'INTERNAL' && error instanceof Error ? ` : ${error.stack}` : '';
    faults.write(
      session.log,
      level,
      `${code} ${session.ip}`,
      `serve error ${describeError(error)}, ip=${session.ip}${stack}`,
    );
  }
}

function peerOf({ id, cid }: Session, { ip, protocol }: AdmissionRequest) {
  return { id, cid, ip, protocol };
}
