import fastify, { type FastifyInstance } from 'fastify';

/** What the answers of all routes share. */
export interface HttpAppOptions {
  /** `Server` header. */
  readonly serverHeader: string;
  /** Whether answers allow every origin; asked for each request, so that a reload takes effect. */
  readonly crossdomain: () => boolean;
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

/**
 * The HTTP rules that API, callbacks and signaling share: headers, CORS, plain 404. One request per
 * connection, as SRS: its clients do not expect another answer. Routes are added by the caller.
 */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    // Deep paths are strangers' work; the router must not spend time on them.
    routerOptions: { maxParamLength: 256 },
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.header('Server', options.serverHeader);
    reply.header('Connection', 'Close');
    reply.header('X-Content-Type-Options', 'nosniff');
    const allowsOrigins = options.crossdomain();
    if (allowsOrigins && request.headers.origin !== undefined) {
      reply.headers(CORS_HEADERS);
    }
    if (request.method === 'OPTIONS') {
      return allowsOrigins
        ? reply.code(200).send()
        : reply.code(405).type('text/plain; charset=utf-8').send('Method Not Allowed');
    }
    return undefined;
  });

  // JSON has no charset parameter (RFC 8259 §11), and SRS sends none.
  app.addHook('onSend', async (_, reply) => {
    if (reply.getHeader('content-type') === 'application/json; charset=utf-8') {
      reply.header('Content-Type', 'application/json');
    }
  });

  app.setNotFoundHandler((_, reply) =>
    reply.code(404).type('text/plain; charset=utf-8').send('Not Found'),
  );

  app.setErrorHandler((error: { statusCode?: number; message?: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      options.onFault(error, request.url);
    }
    return reply
      .code(status)
      .type('text/plain; charset=utf-8')
      .send(status >= 500 ? 'Internal Server Error' : (error.message ?? 'Bad Request'));
  });
  return app;
}
