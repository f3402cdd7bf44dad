import { lookup } from 'node:dns/promises';
import type { MillraceConfig } from '../config/millrace-config.ts';
import { parseSrtUrl } from '../config/srt-url.ts';
import { describeError, ServerError } from '../errors/server-error.ts';
import { randomId } from '../identity/random-id.ts';
import type { Logger } from '../log/logger.ts';
import type { NativeEngine } from '../native/boundary/engine.ts';
import type { RelayPull, RelayPush, RelayTarget } from '../native/boundary/relay.ts';
import type { SessionClosed, SessionOpened } from '../native/boundary/session.ts';
import type { SrtSocketOptions } from '../native/boundary/srt.ts';
import { srtCasters } from '../protocols/mpegts-udp/casters.ts';
import { playOptionsOf } from '../protocols/play-options.ts';
import { srtSocketOptions } from '../protocols/srt/socket-options.ts';
import type { Publication, StreamRegistry } from '../streams/registry.ts';

/** Time before a call is tried again: doubled from the first to the last, and as new after a good one. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** What relays are made from. */
export interface SrtRelaysContext {
  /** The configuration of now: a reload replaces it. */
  readonly config: () => MillraceConfig;
  readonly engine: Pick<NativeEngine, 'connect' | 'close'>;
  readonly registry: StreamRegistry;
  readonly log: Logger;
}

/**
 * Calls to other SRT servers: streams are pushed to those that `forward` names while they are published,
 * and pulled from those that `stream_caster srt` names. A call that fails or ends is made again, for as
 * long as it is wanted.
 */
export class SrtRelays {
  readonly #context: SrtRelaysContext;
  readonly #byCid = new Map<string, Relay>();
  readonly #bySession = new Map<number, Relay>();
  readonly #pushes = new Map<string, readonly Relay[]>();

  constructor(context: SrtRelaysContext) {
    this.#context = context;
    context.registry.on('published', (publication) => this.#published(publication));
    context.registry.on('unpublished', ({ url }) => this.#unpublished(url));
  }

  /** Begins to pull. */
  start(): void {
    const { config } = this.#context;
    for (const { input, name } of srtCasters(config().streamCasters)) {
      const cid = randomId(8);
      this.#call(cid, input, `pull ${name.app}/${name.stream} from ${input}`, () => ({
        ...name,
        mode: 'pull',
        socket: srtSocketOptions(config().srtServer),
      })).start();
    }
  }

  /** @return whether the session is a push, which is nobody's player. */
  opened(event: SessionOpened): boolean {
    const relay = this.#byCid.get(event.cid);
    if (relay) {
      this.#bySession.set(event.session, relay);
      relay.session = event.session;
    }
    return relay?.isPush ?? false;
  }

  connected(session: number): void {
    this.#bySession.get(session)?.connected();
  }

  /** @return whether the session was a push. */
  closed(event: SessionClosed): boolean {
    const relay = this.#bySession.get(event.session);
    if (relay) {
      this.#bySession.delete(event.session);
      relay.ended(event);
    }
    return relay?.isPush ?? false;
  }

  /** Makes no call any more; those under way end with the engine. */
  stop(): void {
    for (const relay of this.#byCid.values()) {
      relay.stop();
    }
    this.#byCid.clear();
    this.#pushes.clear();
  }

  #published({ url, key }: Publication): void {
    const { config, log } = this.#context;
    const vhost = config().vhosts.get(key.vhost);
    if (!vhost?.forward.enabled) {
      return;
    }
    this.#unpublished(url);
    const relays = vhost.forward.destinations.map((destination) => {
      if (!destination.startsWith('srt://')) {
        log.warn(`forward ${url} to ${destination}: only srt:// is served`);
        return undefined;
      }
      return this.#call(randomId(8), destination, `forward ${url} to ${destination}`, () => ({
        mode: 'push',
        app: key.app,
        stream: key.stream,
        media: playOptionsOf(vhost, url, 0),
        socket: srtSocketOptions(config().srtServer),
      }));
    });
    const pushes = relays.filter((relay) => relay !== undefined);
    this.#pushes.set(url, pushes);
    for (const relay of pushes) {
      relay.start();
    }
  }

  #call(cid: string, url: string, name: string, call: () => Call): Relay {
    const { engine, log } = this.#context;
    const relay = new Relay({ engine, log, cid, url, name, call });
    this.#byCid.set(cid, relay);
    return relay;
  }

  #unpublished(url: string): void {
    for (const relay of this.#pushes.get(url) ?? []) {
      relay.stop();
      this.#byCid.delete(relay.cid);
    }
    this.#pushes.delete(url);
  }
}

type Call =
  | (Omit<RelayPush, keyof RelayTarget> & { readonly socket: SrtSocketOptions })
  | (Omit<RelayPull, keyof RelayTarget> & { readonly socket: SrtSocketOptions });

interface RelayOptions {
  readonly engine: Pick<NativeEngine, 'connect' | 'close'>;
  readonly log: Logger;
  readonly cid: string;
  readonly url: string;
  /** What it does, for the log. */
  readonly name: string;
  /** Asked at each call, so that a reload takes effect. */
  readonly call: () => Call;
}

/** One call that is made again and again. */
class Relay {
  session: number | undefined;
  readonly #options: RelayOptions;
  readonly #name: string;
  #retryMs = FIRST_RETRY_MS;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    // A passphrase is for the peer, not for the log.
    this.#name = options.name.replace(/passphrase=[^&]*/, 'passphrase=...');
  }

  get cid(): string {
    return this.#options.cid;
  }

  get isPush(): boolean {
    return this.#options.call().mode === 'push';
  }

  start(): void {
    this.#connect().catch((error: unknown) => this.#again(describeError(error)));
  }

  connected(): void {
    this.#retryMs = FIRST_RETRY_MS;
    this.#options.log.info(`${this.#name}: connected`);
  }

  ended({ code, detail }: SessionClosed): void {
    this.session = undefined;
    this.#again(`${code}, detail=${detail}`);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (this.session !== undefined) {
      this.#options.engine.close(this.session, 'PUBLISHER_GONE');
    }
  }

  async #connect(): Promise<void> {
    const url = parseSrtUrl(this.#options.url);
    if (typeof url === 'string') {
      throw new ServerError('INVALID_ARGUMENT', url); // the configuration was checked
    }
    const { host, port, streamId, socket: asked } = url;
    const { address } = await lookup(host);
    if (this.#stopped) {
      return;
    }
    const { socket, ...call } = this.#options.call();
    this.#options.engine.connect({
      ...call,
      protocol: 'srt',
      cid: this.cid,
      ip: address,
      port,
      srt: { ...socket, ...asked, stream_id: streamId },
    });
  }

  #again(reason: string): void {
    if (this.#stopped) {
      return;
    }
    this.#options.log.warn(`${this.#name}: ${reason}; again in ${this.#retryMs} ms`);
    this.#timer = setTimeout(() => this.start(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }
}
