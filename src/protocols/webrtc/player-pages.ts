import { readdirSync, readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Beside `src/` and `dist/`, both of which have this depth. */
const FOLDER = new URL('../../../players/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** Names of SRS's pages, for links that exist. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  '': 'whep.html',
  'index.html': 'whep.html',
  'rtc_player.html': 'whep.html',
  'rtc_publisher.html': 'whip.html',
};

/**
 * The pages that publish and play by WebRTC, at `/players/`, `whip.html` and `whep.html`. Files of the same
 * name below `http_server.dir` go before them, because the engine serves those itself.
 */
export function playerPages(app: FastifyInstance): void {
  for (const name of readdirSync(FOLDER)) {
    const type = TYPES[name.split('.').at(-1) ?? ''];
    if (type !== undefined) {
      const content = readFileSync(new URL(name, FOLDER));
      app.get(`/players/${name}`, (_, reply) => reply.header('Content-Type', type).send(content));
    }
  }
  for (const [name, page] of Object.entries(OTHER_NAMES)) {
    app.get(`/players/${name}`, ({ url }, reply) => redirect(reply, `/players/${page}`, url));
  }
}

function redirect(reply: FastifyReply, page: string, url: string): FastifyReply {
  const at = url.indexOf('?');
  return reply.redirect(at < 0 ? page : `${page}${url.slice(at)}`, 302);
}
