import type { FastifyInstance, InjectOptions } from 'fastify';
import type { HttpAnswer, HttpRequest } from '../native/boundary/http.ts';

/** Requests of the engine's HTTP listeners that are being answered at once. */
const MAX_PENDING = 256;
/** Headers that belong to the connection, which is the engine's (RFC 9110 §7.6.1). */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
]);
const BUSY: HttpAnswer = { status: 503, headers: { 'Retry-After': '1' }, body: '' };
const FAILED: HttpAnswer = { status: 500, headers: {}, body: '' };

/** Answers with the routes of `app` what the engine's HTTP listeners do not serve themselves. */
export class EngineRequests {
  readonly #app: () => FastifyInstance;
  readonly #onFault: (error: unknown, url: string) => void;
  #pending = 0;

  /** @param app  asked for each request: a reload may change it. */
  constructor(app: () => FastifyInstance, onFault: (error: unknown, url: string) => void) {
    this.#app = app;
    this.#onFault = onFault;
  }

  /** Never rejects: a request that cannot be answered gets 500. */
  async answer(request: HttpRequest): Promise<HttpAnswer> {
    if (this.#pending >= MAX_PENDING) {
      return BUSY;
    }
    this.#pending += 1;
    try {
      const { statusCode, headers, rawPayload } = await this.#app().inject({
        method: request.method as NonNullable<InjectOptions['method']>,
        url: request.target,
        headers: joined(request.headers),
        remoteAddress: request.ip,
        ...(request.body ? { payload: Buffer.from(request.body) } : {}),
      });
      return { status: statusCode, headers: ownHeaders(headers), body: rawPayload };
    } catch (error) {
      this.#onFault(error, request.target);
      return FAILED;
    } finally {
      this.#pending -= 1;
    }
  }
}

/** One value per name; repeated headers are one list (RFC 9110 §5.3). */
function joined(headers: HttpRequest['headers']): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    values[key] = key in values ? `${values[key]}, ${value}` : value;
  }
  return values;
}

function ownHeaders(
  headers: Readonly<Record<string, number | string | string[] | undefined>>,
): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !CONNECTION_HEADERS.has(name)) {
      own[name] = Array.isArray(value) ? value.join(', ') : String(value);
    }
  }
  return own;
}
