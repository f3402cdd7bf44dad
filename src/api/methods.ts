import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifySchema {
    /** One line for `openapi.json`. */
    summary?: string;
    /** Left out of `openapi.json`. */
    hide?: boolean;
  }
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

const ALL: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/** Methods of what is only read; clients of SRS, and SRS itself, also use POST for it. */
export const READ: Method[] = ['GET', 'HEAD', 'POST'];

/** Methods of lists and of what is in them. */
export const LIST: Method[] = ['GET', 'HEAD'];

/** Answers 405 to methods that a path does not have. */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  allowed: readonly Method[],
): void {
  app.route({
    method: ALL.filter((method) => !allowed.includes(method)),
    url,
    schema: { hide: true },
    handler: (_, reply) =>
      reply
        .code(405)
        .header('Allow', allowed.join(', '))
        .type('text/plain; charset=utf-8')
        .send('Method Not Allowed'),
  });
}

/** A path without its last slash goes to the one with it, as in SRS. */
export function redirectToSlash(app: FastifyInstance, url: string): void {
  app.route({
    method: [...ALL],
    url: url.slice(0, -1),
    schema: { hide: true },
    handler: (request, reply) => {
      const query = request.url.indexOf('?');
      return reply.redirect(`${url}${query < 0 ? '' : request.url.slice(query)}`, 302);
    },
  });
}
