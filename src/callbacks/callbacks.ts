import { randomUUID } from 'node:crypto';
import type { HttpHooks } from '../config/millrace-config.ts';
import { describeError, ServerError } from '../errors/server-error.ts';
import type { ServerIdentity } from '../identity/server-identity.ts';
import { SIGNATURE } from '../identity/version.ts';
import type { Log, Logger } from '../log/logger.ts';
import type { RepeatedLines } from '../log/repeated-lines.ts';
import { pause } from '../pause.ts';
import type { AdmissionRequest, AdmissionStep } from '../protocols/admission.ts';
import { checkAnswer, isWorthAnotherTry } from './answer.ts';
import { CallbackClient, type CallbackRequest } from './callback-client.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import {
  type CallbackDetails,
  type CallbackEvent,
  callbackBody,
  forwardBody,
  type SegmentNews,
} from './payloads.ts';
import { signatureHeaders } from './signature.ts';

/** Longest answer that is read: it says yes or no, or names some urls. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Things to tell that wait; each holds its JSON, about 1 KiB. */
const MAX_PENDING = 10_000;
/** How long the end of the server waits for what is still to be told. */
const LAST_WORDS_MS = 1500;
/** A server that hangs has likely read what it was told. */
const RETRIES_AFTER_TIMEOUT = 1;

/** What callbacks are made with. */
export interface CallbacksOptions {
  readonly identity: ServerIdentity;
  readonly log: Log;
  /** Lines about the usual course of things, folded when there are too many. */
  readonly lines: RepeatedLines;
  /** Lines about callbacks that fail, folded when they repeat. */
  readonly faults: RepeatedLines;
}

/** Events whose answer decides. */
export type AskedEvent = 'on_connect' | 'on_publish' | 'on_play';
/** Events that are only told. */
type ToldEvent = Exclude<CallbackEvent, AskedEvent>;

/**
 * `http_hooks`: asks HTTP servers who may connect, publish and play, and tells them what happened. All
 * peers are treated by the configuration that they came with, so that their callbacks come in pairs.
 */
export class Callbacks {
  readonly #options: CallbacksOptions;
  readonly #client = new CallbackClient();
  readonly #queue = new DeliveryQueue(MAX_PENDING);
  /** Connections for which `on_connect` was due, by context id. */
  readonly #connected = new Map<string, AdmissionRequest>();
  /** Who was asked for and not refused: their `on_unpublish` or `on_stop` is due. */
  readonly #owed = new WeakSet<AdmissionRequest>();
  /** Who publishes, by stream url. */
  readonly #publishers = new Map<string, AdmissionRequest>();

  constructor(options: CallbacksOptions) {
    this.#options = options;
  }

  /** The step of admission that asks about an event; it passes where the vhost has no callbacks. */
  step(event: AskedEvent): AdmissionStep {
    return (request, signal) => {
      const hooks = request.vhost.httpHooks;
      if (!hooks.enabled) {
        return undefined;
      }
      if (event === 'on_connect') {
        this.#connected.set(request.clientId, request);
      } else {
        this.#owed.add(request);
      }
      const urls = urlsOf(hooks, event);
      return urls.length > 0 ? this.#ask(event, request, urls, signal) : undefined;
    };
  }

  /** A publisher was let in: what is told of its stream is told in its name. */
  published(request: AdmissionRequest): void {
    this.#publishers.set(request.streamUrl, request);
  }

  /** A publish or play has ended, or came to nothing after it was asked for. */
  ended(request: AdmissionRequest): void {
    const { action, streamUrl } = request;
    const publisher = this.#publishers.get(streamUrl);
    if (publisher === request) {
      this.#publishers.delete(streamUrl);
    }
    if (!this.#owed.delete(request)) {
      return;
    }
    if (action === 'play') {
      this.#tell('on_stop', request, undefined, ['client']);
    } else if (publisher === undefined || publisher === request) {
      // Of one that was not let in because another publishes nothing is told: servers that know
      // streams by name would take that one for gone.
      this.#tell('on_unpublish', request, undefined, ['stream', 'client']);
    }
  }

  /** A connection has ended. */
  closed(clientId: string, bytes: CallbackDetails['on_close']): void {
    const request = this.#connected.get(clientId);
    if (request) {
      this.#connected.delete(clientId);
      this.#tell('on_close', request, bytes, ['client']);
    }
  }

  /** A segment of HLS is finished; nobody is told of one whose publisher is not known. */
  segment(streamUrl: string, segment: SegmentNews): void {
    const request = this.#publishers.get(streamUrl);
    if (request?.vhost.httpHooks.enabled) {
      this.#tell('on_hls', request, segment, ['stream']);
      this.#notify(request, segment);
    }
  }

  /** A recording is finished. @param request  of its publisher. */
  recorded(request: AdmissionRequest, file: string): void {
    if (request.vhost.httpHooks.enabled) {
      this.#tell('on_dvr', request, { file }, ['stream']);
    }
  }

  /**
   * Asks `forward.backend` where a stream is to be forwarded to.
   * @return urls, maybe none.
   * @throws ServerError as `step` does, also when the answer has no `data.urls`.
   */
  async forwardUrls(
    backend: string,
    request: AdmissionRequest,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const body = forwardBody(this.#options.identity, request);
    return naming('on_forward', backend, async () => {
      const call = postRequest(backend, body, randomUUID(), request.vhost.httpHooks);
      const answer = checkAnswer(await this.#client.send(call, 'session', signal));
      const urls = (answer as { data?: { urls?: unknown } | null }).data?.urls;
      if (!Array.isArray(urls) || !urls.every((url) => typeof url === 'string')) {
        throw new ServerError('CALLBACK_ANSWER_INVALID', 'it has no data.urls');
      }
      return urls;
    });
  }

  /** Tells what is still to be told, for a moment, and ends. */
  async close(): Promise<void> {
    await this.#queue.close(LAST_WORDS_MS);
    this.#client.close();
  }

  async #ask(
    event: AskedEvent,
    request: AdmissionRequest,
    urls: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const hooks = request.vhost.httpHooks;
    const body = callbackBody(this.#options.identity, event, request, undefined);
    const id = randomUUID();
    for (const url of urls) {
      if (event === 'on_publish') {
        await this.#settled(url, request, hooks.timeoutMs, signal);
      }
      try {
        await naming(event, url, async () =>
          checkAnswer(
            await this.#client.send(postRequest(url, body, id, hooks), 'session', signal),
          ),
        );
      } catch (error) {
        // A server that was asked and did not answer in time may count the peer in.
        if (error instanceof ServerError && error.code !== 'CALLBACK_TIMEOUT') {
          this.#owed.delete(request);
        }
        throw error;
      }
      this.#write(request, `http: ${event} allowed by ${placeOf(url)}`);
    }
  }

  /** The end of the publisher before is told before the next one is asked about, if that is soon. */
  async #settled(
    url: string,
    { streamUrl }: AdmissionRequest,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    // The events of one batch are dealt with before this goes on: the end may be among them.
    await Promise.resolve();
    const stop = new AbortController();
    await Promise.race([
      this.#queue.settled(aboutOf(url, 'stream', streamUrl)),
      pause(limitMs, AbortSignal.any([signal, stop.signal])),
    ]);
    stop.abort();
    signal.throwIfAborted();
  }

  #tell<E extends ToldEvent>(
    event: E,
    request: AdmissionRequest,
    details: CallbackDetails[E],
    about: readonly ('stream' | 'client')[],
  ): void {
    const hooks = request.vhost.httpHooks;
    const urls = urlsOf(hooks, event);
    if (urls.length === 0) {
      return;
    }
    const body = callbackBody(this.#options.identity, event, request, details);
    const id = randomUUID();
    for (const url of urls) {
      this.#deliver(event, url, request, about, async (signal) => {
        checkAnswer(await this.#client.send(postRequest(url, body, id, hooks), 'nobody', signal));
      });
    }
  }

  #notify(request: AdmissionRequest, segment: SegmentNews): void {
    const { httpHooks, hls } = request.vhost;
    for (const template of httpHooks.onHlsNotify) {
      const url = notifyUrl(template, this.#options.identity, request, segment.uri);
      this.#deliver('on_hls_notify', url, request, ['stream'], async (signal) => {
        // Its status and body mean nothing: the request itself is what is wanted.
        await this.#client.send(
          {
            method: 'GET',
            url: new URL(url),
            headers: HEADERS,
            body: '',
            timeoutMs: httpHooks.notifyTimeoutMs,
            verifyCertificate: httpHooks.verifyCertificate,
            maxAnswerBytes: hls.notifyBytes,
            whenLonger: 'cut',
          },
          'nobody',
          signal,
        );
      });
    }
  }

  #deliver(
    event: ToldEvent | 'on_hls_notify',
    url: string,
    request: AdmissionRequest,
    about: readonly ('stream' | 'client')[],
    tell: (signal: AbortSignal) => Promise<void>,
  ): void {
    const { streamUrl, clientId, vhost } = request;
    const { retries } = vhost.httpHooks;
    const failed = (error: unknown): void => {
      this.#fault(request, `${event} ${placeOf(url)}`, error);
    };
    const added = this.#queue.add({
      about: about.map((what) => aboutOf(url, what, what === 'stream' ? streamUrl : clientId)),
      tell: async (signal) => {
        await tell(signal);
        this.#write(request, `http: ${event} taken by ${placeOf(url)}`);
      },
      retries: (error) => {
        if (!isWorthAnotherTry(error)) {
          return 0;
        }
        const timedOut = error instanceof ServerError && error.code === 'CALLBACK_TIMEOUT';
        return timedOut ? Math.min(retries, RETRIES_AFTER_TIMEOUT) : retries;
      },
      failed,
    });
    if (!added) {
      failed(new ServerError('QUEUE_FULL', `${this.#queue.pending} callbacks wait`));
    }
  }

  #write({ clientId, ip }: AdmissionRequest, line: string): void {
    this.#options.lines.write(this.#logOf(clientId), 'info', ip, line);
  }

  #fault({ clientId }: AdmissionRequest, what: string, error: unknown): void {
    const line = `http: ${what} failed, ${describeError(error)}`;
    this.#options.faults.write(this.#logOf(clientId), 'warn', `http ${what}`, line);
  }

  #logOf(clientId: string): Logger {
    return this.#options.log.context(clientId);
  }
}

const HEADERS = { 'User-Agent': SIGNATURE, 'Content-Type': 'application/json' } as const;

function postRequest(url: string, body: string, id: string, hooks: HttpHooks): CallbackRequest {
  return {
    method: 'POST',
    url: new URL(url),
    headers: { ...HEADERS, ...signatureHeaders(id, body, hooks.secrets, Date.now()) },
    body,
    timeoutMs: hooks.timeoutMs,
    verifyCertificate: hooks.verifyCertificate,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    whenLonger: 'fail',
  };
}

function urlsOf(hooks: HttpHooks, event: CallbackEvent): readonly string[] {
  switch (event) {
    case 'on_connect':
      return hooks.onConnect;
    case 'on_close':
      return hooks.onClose;
    case 'on_publish':
      return hooks.onPublish;
    case 'on_unpublish':
      return hooks.onUnpublish;
    case 'on_play':
      return hooks.onPlay;
    case 'on_stop':
      return hooks.onStop;
    case 'on_dvr':
      return hooks.onDvr;
    case 'on_hls':
      return hooks.onHls;
  }
}

/** One server is told in order; another one does not wait for it. */
function aboutOf(url: string, what: 'stream' | 'client', name: string): string {
  return `${new URL(url).origin} ${what} ${name}`;
}

/** A url without user, password and query, for messages. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Runs a call; its error says which one it was. */
async function naming<T>(event: string, url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!(cause instanceof ServerError)) {
      throw cause;
    }
    const { code, detail } = cause;
    throw new ServerError(code, `${event} ${placeOf(url)}`, { cause, detail });
  }
}

/** @param uri  of the segment, which is asked for itself when it is a whole url. */
function notifyUrl(
  template: string,
  { serverId, serviceId }: ServerIdentity,
  { key, param }: AdmissionRequest,
  uri: string,
): string {
  if (/^https?:\/\//.test(uri)) {
    return uri;
  }
  const values: Readonly<Record<string, string>> = {
    server_id: serverId,
    service_id: serviceId,
    app: key.app,
    stream: key.stream,
    param,
    ts_url: uri,
  };
  return template.replace(/\[(\w+)\]/g, (whole, name: string) => values[name] ?? whole);
}
