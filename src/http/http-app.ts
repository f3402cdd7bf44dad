import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errorTable } from '../errors/codes.ts';
import { ServerError } from '../errors/server-error.ts';
import { type JsonValue, writeJson } from './json.ts';
import { isShallow, MAX_JSON_DEPTH } from './json-body.ts';
import { callbackOf, isCallback, takeMethodOfScript } from './jsonp.ts';

/** What the answers of all routes share. */
export interface HttpAppOptions {
  /** `Server` header. */
  readonly serverHeader: string;
  /** Whether answers allow every origin; asked for each request, so that a reload takes effect. */
  readonly crossdomain: () => boolean;
  /**
   * Whether somebody may use what lies below `/api/`.
   * @param authorization  field of the request.
   * @return a challenge for `WWW-Authenticate` when not.
   */
  readonly authorize: (
    authorization: string | undefined,
  ) => { readonly challenge: string } | undefined;
  /** Told about what a route threw. */
  readonly onFault: (error: unknown, url: string) => void;
}

/** Longest request body: an SDP or a small JSON. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * CORS as SRS answers it: every origin, without credentials. `Access-Control-Request-Private-Network`
 * is a request header by its specification; players that work with SRS expect it here.
 */
const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Allow-Methods': '*',
  'Access-Control-Expose-Headers': '*',
  'Access-Control-Allow-Credentials': 'false',
  'Access-Control-Request-Private-Network': 'true',
} as const;

const TEXT_TYPE = 'text/plain; charset=utf-8';

/**
 * The HTTP rules that API, callbacks and signaling share: headers, CORS, JSONP, authentication, plain
 * 404. One request per connection, as SRS: its clients do not expect another answer. Routes are added
 * by the caller.
 */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    rewriteUrl: takeMethodOfScript,
    // Deep paths are strangers' work; the router must not spend time on them.
    routerOptions: { maxParamLength: 256 },
  });
  app.setReplySerializer((payload) => writeJson(payload as JsonValue));
  // Schemas of answers are documentation: fields and their order are those of the handlers.
  app.setSerializerCompiler(() => (data) => writeJson(data as JsonValue));
  readJsonBodies(app);

  app.addHook('onRequest', async (request, reply) => {
    reply.header('Server', options.serverHeader);
    reply.header('Connection', 'Close');
    reply.header('X-Content-Type-Options', 'nosniff');
    const allowsOrigins = options.crossdomain();
    if (allowsOrigins && request.headers.origin !== undefined) {
      reply.headers(CORS_HEADERS);
    }
    if (request.method === 'OPTIONS') {
      if (/^\/rtc\/v1\/wh[ei]p/.test(request.url)) {
        reply.header('Accept-Post', 'application/sdp'); // RFC 9725 §4.2
      }
      return allowsOrigins
        ? reply.code(200).send()
        : reply.code(405).type(TEXT_TYPE).send('Method Not Allowed');
    }
    const refusal = isBelowApi(request) && options.authorize(request.headers.authorization);
    if (refusal) {
      return reply.code(401).header('WWW-Authenticate', refusal.challenge).send();
    }
    const callback = callbackOf(request.query);
    if (callback !== undefined && !isCallback(callback)) {
      // Not as JSON of a route, which would be put into that callback.
      return reply.code(400).type(TEXT_TYPE).send(errorTable.JSONP_CALLBACK_INVALID.text);
    }
    return undefined;
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const type = reply.getHeader('content-type');
    if (type !== 'application/json; charset=utf-8' && type !== 'application/json') {
      return payload;
    }
    const callback = callbackOf(request.query);
    if (callback !== undefined && typeof payload === 'string') {
      reply.header('Content-Type', 'text/javascript');
      return `${callback}(${payload})`;
    }
    // JSON has no charset parameter (RFC 8259 §11), and SRS sends none.
    reply.header('Content-Type', 'application/json');
    return payload;
  });

  app.setNotFoundHandler((_, reply) => reply.code(404).type(TEXT_TYPE).send('Not Found'));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, options));
  return app;
}

/**
 * By the route that was found, not by how somebody spells its path; by the path where there is none, so
 * that nobody learns what there is.
 */
function isBelowApi({ routeOptions, url }: FastifyRequest): boolean {
  return `${routeOptions.url ?? ''}/`.includes('/api/') || /\/api(?:[/?]|$)/i.test(url);
}

/** API and metrics share the rule that errors have the status 200. */
function isOfApi(request: FastifyRequest): boolean {
  return isBelowApi(request) || request.routeOptions.url === '/metrics';
}

function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      if (body.trim() === '') {
        done(null, undefined);
      } else if (isShallow(body)) {
        void parse(request, body, done);
      } else {
        const message = `JSON nests deeper than ${MAX_JSON_DEPTH}`;
        done(Object.assign(new Error(message), { statusCode: 400 }), undefined);
      }
    },
  );
}

/** What `setErrorHandler` is given: an error of a route, of a check of the request, or of fastify. */
interface RouteError {
  readonly statusCode?: number;
  readonly message?: string;
  readonly validation?: unknown;
}

function answerError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { onFault }: HttpAppOptions,
): FastifyReply {
  if (thrown instanceof ServerError) {
    const { number, code, message } = thrown;
    // As SRS: the status of the API is 200, the number of the error says it all.
    const status = isOfApi(request) ? 200 : errorTable[code].http;
    return reply.code(status).send({ code: number, error: code, message });
  }
  const error = thrown as RouteError;
  if (error.validation) {
    const { number } = errorTable.INVALID_ARGUMENT;
    const message = error.message ?? errorTable.INVALID_ARGUMENT.text;
    return reply.code(400).send({ code: number, error: 'INVALID_ARGUMENT', message });
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    onFault(thrown, request.url);
  }
  return reply
    .code(status)
    .type(TEXT_TYPE)
    .send(status >= 500 ? 'Internal Server Error' : (error.message ?? 'Bad Request'));
}
