import { ServerError } from '../errors/server-error.ts';
import { JsonNumber } from '../http/json.ts';
import type { ClientEntry } from '../statistics/entries.ts';
import { type ApiContext, type ApiResource, answerHead } from './api-context.ts';
import { LIST, redirectToSlash, refuseOtherMethods } from './methods.ts';
import { type PageQuery, pageOf } from './pages.ts';
import {
  answer,
  boolean,
  decimal,
  idParams,
  integer,
  kbps,
  listOf,
  object,
  objectWithOptional,
  pageQuery,
  text,
} from './schemas.ts';
import { transport, transportJson } from './transport.ts';
import { kbpsJson } from './vhosts.ts';
import { webrtcConnection, webrtcConnectionJson } from './webrtc-connection.ts';

const client = objectWithOptional(
  {
    id: { ...text, description: 'the same in log lines and callbacks' },
    vhost: { ...text, description: 'id of its vhost' },
    stream: { ...text, description: 'id of its stream' },
    ip: text,
    pageUrl: text,
    swfUrl: text,
    tcUrl: text,
    url: text,
    name: { ...text, description: 'of the stream, with the extension that was asked for' },
    type: { ...text, description: 'e.g. rtmp-play, flv-play, hls-play, fmle-publish' },
    publish: boolean,
    alive: { ...decimal, description: 'seconds' },
    send_bytes: integer,
    recv_bytes: integer,
    kbps,
    transport,
    webrtc: webrtcConnection,
  },
  'transport',
  'webrtc',
);

/** `/api/v1/clients/`: who publishes and plays. DELETE ends a client, PATCH chooses its layer. */
export const clients: ApiResource = (app, context) => {
  const { statistics } = context;
  redirectToSlash(app, '/api/v1/clients/');
  refuseOtherMethods(app, '/api/v1/clients/', [...LIST, 'DELETE']);
  refuseOtherMethods(app, '/api/v1/clients/:id', [...LIST, 'DELETE']);
  app.route<{ Querystring: PageQuery }>({
    method: LIST,
    url: '/api/v1/clients/',
    schema: {
      summary: 'Publishers and players',
      querystring: pageQuery,
      response: { 200: answer({ clients: listOf(client) }) },
    },
    handler: ({ query }) => ({
      ...answerHead(context),
      clients: pageOf(statistics.clients.values(), query, (one) => clientJson(one, context)),
    }),
  });
  app.route<{ Params: { id: string } }>({
    method: LIST,
    url: '/api/v1/clients/:id',
    schema: {
      summary: 'One client',
      params: idParams,
      response: { 200: answer({ client }) },
    },
    handler: ({ params }) => ({
      ...answerHead(context),
      client: clientJson(find(params.id, context), context),
    }),
  });
  app.route<{ Params: { id: string } }>({
    method: 'DELETE',
    url: '/api/v1/clients/:id',
    schema: {
      summary: 'Ends a client',
      params: idParams,
      response: { 200: answer({}) },
    },
    handler: ({ params }) => {
      context.kick(find(params.id, context).session);
      return answerHead(context);
    },
  });
  app.route<{ Params: { id: string }; Body: { layer: string } }>({
    method: 'PATCH',
    url: '/api/v1/clients/:id',
    schema: {
      summary: 'Which layer of simulcast a WebRTC player gets',
      params: idParams,
      body: object({
        layer: { ...text, description: 'a rid, low, high; empty: the best that fits' },
      }),
      response: { 200: answer({}) },
    },
    handler: ({ params, body }) => {
      context.chooseLayer(find(params.id, context).session, body.layer);
      return answerHead(context);
    },
  });
  app.route({
    method: 'DELETE',
    url: '/api/v1/clients/',
    schema: { hide: true },
    handler: () => {
      throw new ServerError('CLIENT_NOT_FOUND', 'no id');
    },
  });
};

function find(id: string, { statistics }: ApiContext): ClientEntry {
  const found = statistics.client(id);
  if (!found) {
    throw new ServerError('CLIENT_NOT_FOUND', id);
  }
  return found;
}

function clientJson(entry: ClientEntry, { statistics }: ApiContext) {
  const { stream, description, traffic } = entry;
  return {
    id: entry.id,
    vhost: stream.vhost.id,
    stream: stream.id,
    ip: description.ip,
    pageUrl: description.pageUrl,
    swfUrl: description.swfUrl,
    tcUrl: description.tcUrl,
    url: stream.url,
    name: description.name,
    type: description.type,
    publish: entry.publishes,
    alive: JsonNumber.decimal((statistics.now() - entry.startedAtMs) / 1000),
    send_bytes: traffic.sent,
    recv_bytes: traffic.received,
    kbps: kbpsJson(traffic),
    ...(entry.transport ? { transport: transportJson(entry.transport) } : {}),
    ...(entry.connection ? { webrtc: webrtcConnectionJson(entry.connection, entry) } : {}),
  };
}
