import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ServerError } from '../errors/server-error.ts';

/** One request to a callback server. */
export interface CallbackRequest {
  readonly method: 'GET' | 'POST';
  /** `http:` or `https:`; may hold user and password. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Longest time from the request to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Whether the certificate of an https server must be good. */
  readonly verifyCertificate: boolean;
  /** Bytes of the answer that are taken. */
  readonly maxAnswerBytes: number;
  /** What a longer answer is: an error, or as much of it as was taken. */
  readonly whenLonger: 'fail' | 'cut';
}

export interface CallbackAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Who waits for the answer: `session` for a peer that waits to be let in, whose time runs from the
 * call on, `nobody` for what is only told, whose time runs from when a connection is free.
 */
export type Waiting = 'session' | 'nobody';

/** Connections to one server at once; the calls beyond wait for one. */
const MAX_CONNECTIONS: Readonly<Record<Waiting, number>> = { session: 1024, nobody: 32 };
/** Connections to one server that are kept for the next call, and how long. */
const MAX_IDLE_CONNECTIONS = 16;
const IDLE_LIMIT_MS = 15_000;

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * Calls HTTP servers that may be down, hang, reset, redirect or send without end: every call has one
 * deadline and takes a bounded number of bytes. Redirects are not followed, because where they lead is
 * not what the operator configured.
 */
export class CallbackClient {
  readonly #agents: Readonly<Record<Waiting, Agents>> = {
    session: makeAgents(MAX_CONNECTIONS.session),
    nobody: makeAgents(MAX_CONNECTIONS.nobody),
  };

  /**
   * @param signal  gives the call up; the promise rejects with its reason.
   * @throws ServerError `CALLBACK_TIMEOUT`, `CALLBACK_UNREACHABLE`; `CALLBACK_ANSWER_INVALID` for an
   *   answer that is too long.
   */
  async send(call: CallbackRequest, waiting: Waiting, signal: AbortSignal) {
    const deadline = new Deadline(call.timeoutMs);
    if (waiting === 'session') {
      deadline.start();
    }
    const agents = this.#agents[waiting];
    try {
      return await attempt(call, agents, deadline, signal);
    } catch (error) {
      if (!(error instanceof StaleConnection)) {
        throw error;
      }
      // The server closed a kept connection just when it was used again: nothing was read there.
      return await attempt(call, agents, deadline, signal);
    } finally {
      deadline.stop();
    }
  }

  /** Cuts all connections. */
  close(): void {
    for (const { http, https } of Object.values(this.#agents)) {
      http.destroy();
      https.destroy();
    }
  }
}

function makeAgents(maxSockets: number): Agents {
  const options = {
    keepAlive: true,
    maxSockets,
    maxFreeSockets: MAX_IDLE_CONNECTIONS,
    timeout: IDLE_LIMIT_MS,
    scheduling: 'lifo',
  } as const;
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

function attempt(
  call: CallbackRequest,
  agents: Agents,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<CallbackAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = start(call, agents);
    const giveUp = (): void => {
      request.destroy(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    deadline.passed = () => {
      request.destroy(new ServerError('CALLBACK_TIMEOUT', `after ${call.timeoutMs} ms`));
    };
    let answered = false;

    request.on('socket', () => deadline.start());
    request.on('response', (response) => {
      answered = true;
      takeAnswer(call, request, response).then(resolve, reject);
    });
    request.on('error', (error) => {
      reject(asCallError(error, signal, request.reusedSocket && !answered));
    });
    request.on('close', () => {
      signal.removeEventListener('abort', giveUp);
      if (!answered) {
        reject(new ServerError('CALLBACK_UNREACHABLE', 'the connection was closed'));
      }
    });
    request.end(call.body);
  });
}

function start({ method, url, headers, body, verifyCertificate }: CallbackRequest, agents: Agents) {
  const options = {
    method,
    headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
  };
  return url.protocol === 'https:'
    ? httpsRequest(url, {
        ...options,
        agent: agents.https,
        rejectUnauthorized: verifyCertificate,
      })
    : httpRequest(url, { ...options, agent: agents.http });
}

/** Reads what an answer may hold, and cuts the connection of one that goes on. */
async function takeAnswer(
  { maxAnswerBytes, whenLonger }: CallbackRequest,
  request: ClientRequest,
  response: IncomingMessage,
): Promise<CallbackAnswer> {
  const status = response.statusCode ?? 0;
  const parts: Buffer[] = [];
  let left = maxAnswerBytes;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      if (part.length > left) {
        if (whenLonger === 'fail') {
          throw new ServerError(
            'CALLBACK_ANSWER_INVALID',
            `status ${status}, longer than ${maxAnswerBytes} bytes`,
          );
        }
        parts.push(part.subarray(0, left));
        break;
      }
      left -= part.length;
      parts.push(part);
    }
  } catch (cause) {
    request.destroy();
    throw cause instanceof ServerError
      ? cause
      : (request.errored ?? new ServerError('CALLBACK_UNREACHABLE', undefined, { cause }));
  }
  return { status, body: Buffer.concat(parts).toString() };
}

/** A kept connection turned out to be closed: the call may be made again. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

function asCallError(error: Error, signal: AbortSignal, isStale: boolean): Error {
  if (error instanceof ServerError || error === signal.reason) {
    return error;
  }
  const { code } = error as NodeJS.ErrnoException;
  return isStale && (code === 'ECONNRESET' || code === 'EPIPE')
    ? new StaleConnection(error.message, { cause: error })
    : new ServerError('CALLBACK_UNREACHABLE', undefined, { cause: error });
}

/** One limit for all attempts of a call; begins to run once. */
class Deadline {
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** What to do when it has passed. */
  passed = (): void => {};

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  start(): void {
    this.#timer ??= setTimeout(() => this.passed(), this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
