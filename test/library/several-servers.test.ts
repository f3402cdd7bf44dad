import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { configFromObject } from '../../src/config/from-object.ts';
import { createServer, type Server } from '../../src/server.ts';
import { MemorySink } from '../fakes/memory-sink.ts';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function started(): Promise<{ server: Server; sink: MemorySink; port: number }> {
  const sink = new MemorySink();
  const config = configFromObject({
    rtmp: { listen: '127.0.0.1:0' },
    httpServer: { enabled: true, listen: '127.0.0.1:0' },
    httpApi: { enabled: true, listen: '127.0.0.1:0' },
    millrace: { loops: 1 },
  });
  const server = createServer(config, { log: sink });
  servers.push(server);
  await server.start();
  return { server, sink, port: portOf(server, 'rtmp') };
}

function portOf(server: Server, purpose: string): number {
  return server.ports.find((port) => port.purpose === purpose)?.endpoint.port ?? 0;
}

/** Resolves when the connection is closed, or reset because nobody had looked at it yet. */
function gone(peer: Socket): Promise<void> {
  return new Promise((resolve) => {
    peer.on('error', () => {}).on('close', () => resolve());
  });
}

describe('the addon', () => {
  it('serves two servers in one process, of which one closes', async () => {
    const [one, other] = [await started(), await started()];
    await one.server.close();

    const peer = connect(other.port, '127.0.0.1');
    await once(peer, 'connect');
    const late = connect(one.port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
    peer.destroy();
  });

  it('ends while peers are connected', async () => {
    const { server, port } = await started();
    const peers = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
    await Promise.all(peers.map((peer) => once(peer, 'connect')));
    const closed = peers.map(gone);
    await server.close();
    await Promise.all(closed);
  });

  it('answers the API on its own port and on the one for media', async () => {
    const { server } = await started();
    for (const purpose of ['api', 'http']) {
      const base = `http://127.0.0.1:${portOf(server, purpose)}`;
      const answer = await fetch(`${base}/api/v1/versions`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ code: 0, data: { major: 7 } });
    }
    // As SRS: below its own port the API answers for everything, on the other one for its version only.
    const api = `http://127.0.0.1:${portOf(server, 'api')}/api/v1/nothing`;
    expect(await (await fetch(api)).json()).toMatchObject({ code: 0, urls: {} });
    const http = `http://127.0.0.1:${portOf(server, 'http')}`;
    expect((await fetch(`${http}/api/v1/clients/`)).status).toBe(404);
    expect((await fetch(`${http}/nothing`)).status).toBe(404);
  });

  it('works in a worker thread, and is ended by the end of the thread', async () => {
    const module = new URL('../../dist/index.js', import.meta.url).href;
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       import(${JSON.stringify(module)}).then(async ({ configFromObject, createServer }) => {
         const config = configFromObject({ rtmp: { listen: '127.0.0.1:0' } });
         const log = { write() {}, reopen() {}, close: async () => {} };
         const server = createServer(config, { log });
         await server.start();
         parentPort.postMessage(server.ports[0].endpoint.port);
       });`,
      { eval: true },
    );
    const [port] = await once(worker, 'message');
    const peer = connect(port, '127.0.0.1');
    await once(peer, 'connect');
    const closed = gone(peer);
    await worker.terminate();
    await closed;
  });
});
