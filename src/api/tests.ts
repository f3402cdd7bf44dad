import type { FastifyRequest } from 'fastify';
import { SRS_VERSION } from '../identity/version.ts';
import { type ApiContext, type ApiResource, answerHead } from './api-context.ts';
import { READ } from './methods.ts';
import { answer, integer, object, text } from './schemas.ts';

/** Largest part of a request that is sent back. */
const MAX_SHOWN = 2048;
const ERRORS = '/api/v1/tests/errors';

const shown = answer({
  data: object({
    uri: text,
    path: text,
    METHOD: text,
    headers: object({ sigature: text, version: text, link: text, time: integer }),
  }),
});

/** `/api/v1/requests` and `/api/v1/tests/`: for those who write clients. */
export const tests: ApiResource = (app, context) => {
  for (const url of ['/api/v1/requests', '/api/v1/tests/requests']) {
    app.route({
      method: READ,
      url,
      schema: { summary: 'Shows the request', response: { 200: shown } },
      handler: (request) => requestAnswer(request, context),
    });
  }
  app.route({
    method: READ,
    url: ERRORS,
    schema: {
      summary: 'Always error 100',
      response: { 200: object({ code: integer }) },
    },
    handler: () => ({ code: 100 }),
  });
  app.route({
    method: READ,
    url: '/api/v1/tests/redirects',
    schema: { summary: `Always goes to ${ERRORS}` },
    handler: (_, reply) =>
      reply
        .code(301)
        .header('Location', ERRORS)
        .type('text/plain; charset=utf-8')
        .send(`Redirect to ${ERRORS}`),
  });
};

function requestAnswer(request: FastifyRequest, context: ApiContext) {
  const url = request.url.slice(0, MAX_SHOWN);
  return {
    ...answerHead(context),
    data: {
      uri: `${request.protocol}://${(request.headers.host ?? '').slice(0, MAX_SHOWN)}${url}`,
      path: url.replace(/\?.*$/s, ''),
      METHOD: request.method,
      // Spelled as SRS spells it, whose clients read it so.
      headers: {
        sigature: 'SRS',
        version: SRS_VERSION,
        link: 'https://github.com/ossrs/srs',
        time: Date.now(),
      },
    },
  };
}
