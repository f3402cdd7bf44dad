import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { makeCertificate } from '../support/certificate.ts';
import { MediaServer } from '../support/media-server.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start({ tls: true });
}, 30_000);
afterAll(async () => {
  await scene.clear();
  await server.stop();
});

/** What a new connection is shown. */
async function fingerprint(purpose: 'https' | 'rtmps'): Promise<string> {
  const socket = connect({ port: server.port(purpose), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

it('a certificate that changes is shown to new connections, and old ones go on', async () => {
  await scene.publishing('stays', { burstMs: 1500 });
  const viewer = new WebSocket(`wss://127.0.0.1:${server.port('https')}/live/stays.flv`, {
    rejectUnauthorized: false,
  });
  await once(viewer, 'message');
  const first = await fingerprint('https');
  expect(await fingerprint('rtmps')).toBe(first);

  const from = server.log.length;
  makeCertificate(server.place.folder);
  await server.line(/certificate .*server\.crt, .*server\.key is in use from now on/, from);
  const second = await fingerprint('https');
  expect(second).not.toBe(first);
  expect(await fingerprint('rtmps')).toBe(second);
  await once(viewer, 'message');
  expect(viewer.readyState).toBe(WebSocket.OPEN);
  viewer.terminate();

  server.place.write('server.crt', 'no certificate');
  await server.line(/\[ERROR\].*certificate .* the old one stays in use/, from);
  expect(await fingerprint('https')).toBe(second);
}, 60_000);
