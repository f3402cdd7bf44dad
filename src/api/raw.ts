import { formatEndpoint } from '../config/endpoint.ts';
import { ServerError } from '../errors/server-error.ts';
import type { ApiContext, ApiResource } from './api-context.ts';
import { READ } from './methods.ts';
import {
  boolean,
  errorAnswer,
  integer,
  object,
  objectWithOptional,
  type Schema,
  text,
} from './schemas.ts';

const query: Schema = {
  type: 'object',
  properties: {
    rpc: { ...text, description: 'raw, reload or reload-fetch' },
  },
};

const config = object({
  enabled: boolean,
  listen: text,
  crossdomain: boolean,
  raw_api: object({
    enabled: boolean,
    allow_reload: boolean,
    allow_query: boolean,
    allow_update: boolean,
  }),
});

const outcome = object({ err: integer, msg: text, state: integer, rid: text });

/** `GET /api/v1/raw`: what the API may do to the server, and a reload where that is allowed. */
export const raw: ApiResource = (app, context) => {
  app.route<{ Querystring: { rpc?: string } }>({
    method: READ,
    url: '/api/v1/raw',
    schema: {
      summary: 'Reloads the configuration, and says what became of it',
      querystring: query,
      response: {
        200: {
          anyOf: [
            objectWithOptional(
              { code: integer, http_api: config, data: outcome },
              'http_api',
              'data',
            ),
            errorAnswer,
          ],
        },
      },
    },
    handler: ({ query: { rpc } }) => answerTo(rpc ?? '', context),
  });
};

function answerTo(rpc: string, { config: current, reloads }: ApiContext) {
  const { httpApi } = current();
  const { enabled, allowReload } = httpApi.rawApi;
  switch (rpc) {
    case 'raw':
      return {
        code: 0,
        http_api: {
          enabled: httpApi.enabled,
          listen: httpApi.listen.map(formatEndpoint).join(' '),
          crossdomain: httpApi.crossdomain,
          raw_api: {
            enabled,
            allow_reload: allowReload,
            // SRS took both out; nothing of the kind exists here.
            allow_query: false,
            allow_update: false,
          },
        },
      };
    case 'reload':
      if (!enabled || !allowReload || !reloads.possible) {
        throw new ServerError('RAW_API_DISABLED', 'see http_api.raw_api');
      }
      reloads.request();
      return { code: 0 };
    case 'reload-fetch':
      if (!enabled) {
        throw new ServerError('RAW_API_DISABLED', 'see http_api.raw_api');
      }
      return { code: 0, data: { ...reloads.last } };
    default:
      throw new ServerError('RPC_UNKNOWN', 'rpc is one of raw, reload and reload-fetch');
  }
}
