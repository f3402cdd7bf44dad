import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { playerPages } from './player-pages.ts';

describe('playerPages', () => {
  const app = fastify();
  playerPages(app);

  it.each([
    ['whip.html', 'text/html; charset=utf-8', 'Publish by WHIP'],
    ['whep.html', 'text/html; charset=utf-8', 'Play by WHEP'],
    ['whip.js', 'text/javascript; charset=utf-8', 'import'],
    ['players.css', 'text/css; charset=utf-8', 'body'],
  ])('serves %s', async (name, type, part) => {
    const answer = await app.inject(`/players/${name}?stream=x`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.body).toContain(part);
  });

  it('needs nothing from elsewhere', async () => {
    for (const name of [
      'whip.html',
      'whep.html',
      'players.css',
      'exchange.js',
      'page.js',
      'session.js',
    ]) {
      const { body } = await app.inject(`/players/${name}`);
      expect(body).not.toMatch(/(?:src|href|url|from)[=( ]*['"]?https?:/);
    }
  });

  it("knows the names of SRS's pages", async () => {
    const answer = await app.inject('/players/rtc_player.html?autostart=true&stream=x');
    expect(answer.headers.location).toBe('/players/whep.html?autostart=true&stream=x');
  });

  it('serves nothing else of the folder, or beside it', async () => {
    for (const path of ['../package.json', '%2e%2e/package.json', 'nothing.html']) {
      expect((await app.inject(`/players/${path}`)).statusCode).toBe(404);
    }
  });
});
