import type { FastifyInstance } from 'fastify';
import { type ApiContext, type ApiResource, answerHead } from './api-context.ts';
import { READ, redirectToSlash } from './methods.ts';
import { answer, fields, object, text } from './schemas.ts';

const V1_URLS = {
  versions: 'the version of SRS whose API this is',
  summaries: 'the summary(pid, argv, pwd, cpu, mem) of the server and the machine',
  rusages: 'the rusage of the server',
  self_proc_stats: 'the self process stats',
  system_proc_stats: 'the system process stats',
  meminfos: 'the meminfo of system',
  authors: 'the license and the contributors',
  features: 'the supported features',
  requests: 'the request itself, for http debug',
  vhosts: 'manage all vhosts or specified vhost',
  streams: 'manage all streams or specified stream',
  clients: 'manage all clients or specified client, default query top 10 clients',
  raw: 'raw api for srs, support CUID srs for instance the config',
  clusters: 'origin cluster server API',
  perf: 'System performance stat',
  tcmalloc: 'tcmalloc api with params ?page=summary|api',
} as const;

const TESTS = {
  requests: 'show the request info',
  errors: 'always return an error 100',
  redirects: 'always redirect to /api/v1/tests/errors',
} as const;

const urls = answer({
  urls: object(fields(Object.keys(V1_URLS), text)),
  tests: object(fields(Object.keys(TESTS), text)),
});

/** `/`, `/api/`, `/api/v1/`: what there is. */
export const roots: ApiResource = (app, context) => {
  redirectToSlash(app, '/api/');
  redirectToSlash(app, '/api/v1/');
  app.route({
    method: READ,
    url: '/',
    schema: { summary: 'Where the API is' },
    handler: () => rootAnswer(context),
  });
  app.route({
    method: READ,
    url: '/api/',
    schema: { summary: 'Versions of the API' },
    handler: () => ({ ...answerHead(context), urls: { v1: 'the api version 1.0' } }),
  });
  app.route({
    method: READ,
    url: '/api/v1/',
    schema: { summary: 'What the API has', response: { 200: urls } },
    handler: () => v1Answer(context),
  });
  // As in SRS: the longest prefix answers for what is below it and not there.
  app.route({
    method: READ,
    url: '/api/v1/*',
    schema: { hide: true },
    handler: () => v1Answer(context),
  });
  app.route({
    method: READ,
    url: '/api/*',
    schema: { hide: true },
    handler: () => ({ ...answerHead(context), urls: { v1: 'the api version 1.0' } }),
  });
};

/** The root also answers for every path that is not there, where nothing else is served. */
export function rootForEverything(app: FastifyInstance, context: ApiContext): void {
  app.route({
    method: READ,
    url: '/*',
    schema: { hide: true },
    handler: () => rootAnswer(context),
  });
}

function rootAnswer(context: ApiContext) {
  return {
    ...answerHead(context),
    urls: {
      api: 'the api root',
      rtc: {
        v1: {
          play: 'Play stream',
          publish: 'Publish stream',
          nack: 'Simulate the NACK',
        },
      },
    },
  };
}

function v1Answer(context: ApiContext) {
  return { ...answerHead(context), urls: V1_URLS, tests: TESTS };
}
