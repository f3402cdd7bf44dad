import { afterEach, describe, expect, it } from 'vitest';
import { FakeAddon } from '../../test/fakes/fake-addon.ts';
import { MemorySink } from '../../test/fakes/memory-sink.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { createServer, type Server } from '../server.ts';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A server whose file is `texts`, one after another; the last one stays. */
async function serving(...texts: string[]) {
  let reads = -1;
  const readConfig = (): LoadedConfig => {
    reads += 1;
    const text = texts[Math.min(reads, texts.length - 1)] ?? '';
    return loadConfig({ file: 'a.conf', env: {}, readFile: () => text });
  };
  const addon = new FakeAddon();
  const sink = new MemorySink();
  const server = createServer(readConfig().config, { addon, log: sink, readConfig });
  servers.push(server);
  await server.start();
  return { server, sink, engine: addon.engine, reads: () => reads };
}

const base = 'listen 1935; vhost __defaultVhost__ { }';

describe('reloader', () => {
  it('reports how it went, and logs the plan', async () => {
    const { server, sink, engine } = await serving(
      base,
      'listen 1936; max_connections 7; millrace { loops 2; } vhost __defaultVhost__ { chunk_size 128; }',
    );
    expect(server.reloader.last).toMatchObject({ id: '', state: 'init' });
    const report = await server.reloader.reload();
    expect(report).toMatchObject({ state: 'finished', errorCode: undefined, message: '' });
    expect(report).toBe(server.reloader.last);
    expect(report.id).toMatch(/^[0-9a-z]{7}$/);
    expect(engine.listening.map(({ port }) => port)).toEqual([1936]);
    expect(engine.maxConnections).toBe(7);
    const lines = sink
      .with(`reload ${report.id}`)
      .map((line) => line.replace(/^.*?reload \w+:? /, ''));
    expect(lines.map((line) => line.trimEnd())).toEqual([
      'max_connections: 1000 -> 7, at once',
      'millrace.loops: 0 -> 2, NEEDS A RESTART',
      'rtmp.listen: 1935 -> 1936, at once',
      'vhost.chunk_size of __defaultVhost__: 60000 -> 128, for what begins from now on',
      'close rtmp 1935',
      'open rtmp 1936',
      'done',
      'these need a restart: millrace.loops',
    ]);
  });

  it('keeps what is in force when the file is not valid, and says where it is not', async () => {
    const { server, sink } = await serving(base, 'listen 1935;\nnonsense on;');
    const before = server.config;
    expect(await server.reloader.reload()).toMatchObject({
      state: 'parsing',
      errorCode: 'CONFIG_INVALID',
      message: expect.stringContaining('a.conf:2'),
      plan: undefined,
    });
    expect(server.config).toBe(before);
    expect(sink.with('failed, nothing has changed')).toHaveLength(1);
  });

  it('keeps all of it when one port cannot be opened', async () => {
    const { server, engine } = await serving(
      'listen 1935 1936; vhost __defaultVhost__ { }',
      'listen 127.0.0.1:1935 1937 1938; max_connections 7; vhost __defaultVhost__ { chunk_size 128; }',
    );
    const before = server.config;
    engine.takenPort = 1938;
    expect(await server.reloader.reload()).toMatchObject({
      state: 'applying',
      errorCode: 'PORT_IN_USE',
      message: expect.stringContaining('1938'),
    });
    expect(server.config).toBe(before);
    expect(engine.maxConnections).toBe(1000);
    expect(server.ports.map(({ endpoint }) => endpoint.port).sort()).toEqual([1935, 1936]);
    expect(engine.listening.map(({ ip, port }) => `${ip}:${port}`).sort()).toEqual([
      '0.0.0.0:1935',
      '0.0.0.0:1936',
    ]);
  });

  it('makes one of the requests that come while it is busy', async () => {
    const { server, sink, reads } = await serving(base);
    const reports = await Promise.all(Array.from({ length: 50 }, () => server.reloader.reload()));
    expect(new Set(reports.map(({ id }) => id)).size).toBe(2);
    expect(reads()).toBe(2);
    expect(sink.with('done, nothing has changed')).toHaveLength(2);
    await server.reloader.reload();
    expect(reads()).toBe(3);
  });

  it('says so when there is nothing to reload from', async () => {
    const { config } = loadConfig({ file: 'a.conf', env: {}, readFile: () => base });
    const server = createServer(config, { addon: new FakeAddon(), log: new MemorySink() });
    servers.push(server);
    expect(server.reloader.available).toBe(false);
    expect((await server.reloader.reload()).errorCode).toBe('UNSUPPORTED');
  });
});
