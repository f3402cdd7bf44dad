import { DEFAULT_VHOST } from '../config/millrace-config.ts';
import { localAddresses } from '../identity/local-addresses.ts';
import { streamUrl } from '../streams/stream-key.ts';
import type { ApiContext, ApiResource } from './api-context.ts';
import { READ } from './methods.ts';
import { integer, listOf, object, orNull, type Schema, text } from './schemas.ts';

const NAMES = ['ip', 'vhost', 'app', 'stream', 'coworker'] as const;
type ClusterQuery = Partial<Record<(typeof NAMES)[number], string>>;

const query: Schema = {
  type: 'object',
  properties: Object.fromEntries(NAMES.map((name) => [name, { ...text, maxLength: 1024 }])),
};

/** `/api/v1/clusters`: an origin of SRS asks whether a stream is published here. */
export const clusters: ApiResource = (app, context) => {
  app.route<{ Querystring: ClusterQuery }>({
    method: READ,
    url: '/api/v1/clusters',
    schema: {
      summary: 'Whether a stream is published here, and where its players are to go',
      querystring: query,
      response: {
        200: object({
          code: integer,
          data: object({
            query: object({ ip: text, vhost: text, app: text, stream: text }),
            origin: orNull(
              object({ ip: text, port: integer, vhost: text, api: text, routers: listOf(text) }),
            ),
          }),
        }),
      },
    },
    handler: ({ query: asked }) => {
      const { ip = '', vhost = '', app: name = '', stream = '' } = asked;
      return {
        code: 0,
        data: { query: { ip, vhost, app: name, stream }, origin: originOf(asked, context) },
      };
    },
  });
};

function originOf(asked: ClusterQuery, { config, statistics }: ApiContext) {
  const { vhost = DEFAULT_VHOST, app = '', stream = '', coworker = '' } = asked;
  const entry = statistics.streams.get(streamUrl({ vhost: vhost || DEFAULT_VHOST, app, stream }));
  if (!entry?.publisher) {
    return null;
  }
  const { rtmp, httpApi } = config();
  const [listen] = rtmp.listen;
  const asks = coworker.replace(/:\d*$/, '');
  const own = listen && !isAny(listen.address) ? listen.address : '';
  const ip = own || asks || localAddresses()[0] || '127.0.0.1';
  const port = listen?.port ?? 1935;
  return {
    ip,
    port,
    vhost: entry.vhost.name,
    api: `${ip}:${httpApi.listen[0]?.port ?? 1985}`,
    routers: [`${ip}:${port}`],
  };
}

function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
