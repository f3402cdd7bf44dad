import { ServerError } from '../errors/server-error.ts';
import { JsonNumber } from '../http/json.ts';
import type { VhostEntry } from '../statistics/entries.ts';
import { type ApiContext, type ApiResource, answerHead } from './api-context.ts';
import { LIST, redirectToSlash, refuseOtherMethods } from './methods.ts';
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
  text,
} from './schemas.ts';

const vhost = object({
  id: text,
  name: text,
  enabled: boolean,
  clients: { ...integer, description: 'publishers and players' },
  streams: { ...integer, description: 'streams that are published' },
  send_bytes: integer,
  recv_bytes: integer,
  kbps,
  hls: objectWithOptional({ enabled: boolean, fragment: decimal }, 'fragment'),
});

/** `/api/v1/vhosts/`: virtual hosts that have had a client. */
export const vhosts: ApiResource = (app, context) => {
  const { statistics } = context;
  redirectToSlash(app, '/api/v1/vhosts/');
  refuseOtherMethods(app, '/api/v1/vhosts/', LIST);
  refuseOtherMethods(app, '/api/v1/vhosts/:id', LIST);
  app.route({
    method: LIST,
    url: '/api/v1/vhosts/',
    schema: {
      summary: 'Virtual hosts that have had a client',
      response: { 200: answer({ vhosts: listOf(vhost) }) },
    },
    handler: () => ({
      ...answerHead(context),
      vhosts: [...statistics.vhosts.values()].map((entry) => vhostJson(entry, context)),
    }),
  });
  app.route<{ Params: { id: string } }>({
    method: LIST,
    url: '/api/v1/vhosts/:id',
    schema: {
      summary: 'One virtual host',
      params: idParams,
      response: { 200: answer({ vhost }) },
    },
    handler: ({ params }) => {
      const found = [...statistics.vhosts.values()].find(({ id }) => id === params.id);
      if (!found) {
        throw new ServerError('VHOST_UNKNOWN', params.id);
      }
      return { ...answerHead(context), vhost: vhostJson(found, context) };
    },
  });
};

function vhostJson(entry: VhostEntry, { config }: ApiContext) {
  const { id, name, clients, published, traffic } = entry;
  const configured = config().vhosts.get(name);
  const hls = configured?.hls;
  return {
    id,
    name,
    enabled: configured?.enabled ?? false,
    clients,
    streams: published,
    send_bytes: traffic.sent,
    recv_bytes: traffic.received,
    kbps: kbpsJson(traffic),
    hls: hls?.enabled
      ? { enabled: true, fragment: JsonNumber.decimal(hls.fragmentMs / 1000) }
      : { enabled: false },
  };
}

/** Bitrates as all lists show them. */
export function kbpsJson({ kbps, kbpsNow }: VhostEntry['traffic']) {
  return {
    recv_30s: kbps.received,
    send_30s: kbps.sent,
    recv_now: kbpsNow.received,
    send_now: kbpsNow.sent,
  };
}
