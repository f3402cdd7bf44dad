import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** One call that came. */
export interface Call {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** Body as JSON; empty when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Name of the event, e.g. `on_play`; empty for a GET. */
  readonly action: string;
}

/** How a call is answered. */
export type Answerer = (call: Call, response: ServerResponse) => void;

/** Ways in which a callback server may behave. */
export const behaviours = {
  allow: (_, response) => response.end('0'),
  allowWithObject: (_, response) => response.writeHead(201).end('{"code":0,"data":null}'),
  refuse: (_, response) => response.end('{"code":7}'),
  refuseWithNumber: (_, response) => response.end('1'),
  /** SRS takes nothing but a number or an integer of its own. */
  answerText: (_, response) => response.end('{"code":"0"}'),
  answerNothing: (_, response) => response.end(),
  answerMarkup: (_, response) => response.end('<html>It works!</html>'),
  fail: (_, response) => response.writeHead(500).end('0'),
  unavailable: (_, response) => response.writeHead(503).end('0'),
  redirect: (_, response) => response.writeHead(302, { Location: '/elsewhere' }).end('0'),
  hang: () => {},
  hangInBody: (_, response) => {
    response.writeHead(200, { 'Content-Length': '10' }).write('0');
  },
  reset: (_, response) => {
    (response.socket as Socket).resetAndDestroy();
  },
  resetInBody: (_, response) => {
    response.writeHead(200, { 'Content-Length': '10' }).write('0', () => {
      (response.socket as Socket).resetAndDestroy();
    });
  },
  /** 100 MB, as fast as they are taken. */
  endless: (_, response) => {
    const part = Buffer.alloc(64 * 1024, ' ');
    let left = 1600;
    const more = (): void => {
      while (left > 0) {
        left -= 1;
        if (!response.write(part)) {
          response.once('drain', more);
          return;
        }
      }
      response.end('0');
    };
    more();
  },
} satisfies Readonly<Record<string, Answerer>>;

/** A callback server for tests: remembers what it was told, and answers as it is bidden. */
export class CallbackServer {
  readonly calls: Call[] = [];
  answer: Answerer = behaviours.allow;
  readonly #server: Server;
  readonly #scheme: string;
  #news: (() => void)[] = [];

  private constructor(tls: ServerOptions | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.#take(request, response).catch(() => response.destroy());
    };
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
    this.#scheme = tls ? 'https' : 'http';
  }

  static async start(tls?: ServerOptions): Promise<CallbackServer> {
    const server = new CallbackServer(tls);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path = '/hooks'): string {
    return `${this.#scheme}://127.0.0.1:${this.port}${path}`;
  }

  /** Connections that are open. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }

  /** The calls about one event so far. */
  of(action: string): readonly Call[] {
    return this.calls.filter((call) => call.action === action);
  }

  /** Resolves with what `find` finds in the calls, as soon as it does. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) {
        return found;
      }
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) {
        const seen = this.calls.map(({ action, url }) => action || url).join(' ');
        throw new Error(`not called as awaited; calls: ${seen}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#news.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Resolves with the `count`th call about an event. */
  called(action: string, count = 1): Promise<Call> {
    return this.until(() => this.of(action)[count - 1]);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) {
      parts.push(part);
    }
    const text = Buffer.concat(parts).toString();
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const { method = '', url = '', headers } = request;
    const call = { method, url, headers, text, body, action: String(body.action ?? '') };
    this.calls.push(call);
    this.answer(call, response);
    for (const tell of this.#news.splice(0)) {
      tell();
    }
  }
}
