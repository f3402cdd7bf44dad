import { afterEach, describe, expect, it } from 'vitest';
import { MemorySink } from '../../test/fakes/memory-sink.ts';
import { behaviours, CallbackServer } from '../../test/support/callback-server.ts';
import { configFromObject } from '../config/from-object.ts';
import type { ConfigInput } from '../config/millrace-config.ts';
import { Log } from '../log/logger.ts';
import { Heartbeat, heartbeatBody } from './heartbeat.ts';

const identity = { serverId: 'vid-spec123', serviceId: '4y6g250c', cid: 'cid00000', pid: 10_757 };
const cleanUp: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const clean of cleanUp.splice(0)) {
    await clean();
  }
});

const log = () =>
  new Log({ sink: new MemorySink(), level: 'info', utc: true, pid: 1 }).context('c');
const summaries = () => ({ ok: true });

function body(input: ConfigInput) {
  const config = configFromObject({ rtmp: { listen: 20_935 }, ...input });
  return heartbeatBody({ config: () => config, identity, ip: '192.0.2.2', summaries, log: log() });
}

describe('the body', () => {
  it('is that of SRS, in its order of keys', () => {
    const all = body({
      heartbeat: { enabled: true, deviceId: 'dev1', ports: true },
      httpServer: { enabled: true, listen: 20_080 },
      httpApi: { enabled: true, listen: 20_985 },
      srtServer: { enabled: true, listen: 20_100 },
      rtcServer: { enabled: true, listen: 20_800, tcp: { enabled: true, listen: 20_801 } },
    });
    expect(JSON.stringify(all)).toBe(
      '{"device_id":"dev1","ip":"192.0.2.2","server":"vid-spec123","service":"4y6g250c",' +
        '"pid":"10757","rtmp":["20935"],"http":["20080"],"api":["20985"],' +
        '"srt":["udp://0.0.0.0:20100"],"rtc":["udp://0.0.0.0:20800","tcp://0.0.0.0:20801"]}',
    );
  });

  it('has the ports only where they are wished, and only those that are on', () => {
    expect(Object.keys(body({}) as object)).toEqual([
      'device_id',
      'ip',
      'server',
      'service',
      'pid',
    ]);
    expect(body({ heartbeat: { ports: true }, rtmp: { listen: '127.0.0.1:1935' } })).toMatchObject({
      rtmp: ['127.0.0.1:1935'],
    });
    expect(body({ heartbeat: { ports: true } })).not.toHaveProperty('http');
    expect(body({ heartbeat: { summaries: true } })).toMatchObject({
      summaries: { data: { ok: true } },
    });
  });
});

describe('heartbeats', () => {
  it('come again and again, and an outage is told once', async () => {
    const server = await CallbackServer.start();
    cleanUp.push(() => server.close());
    const sink = new MemorySink();
    const log = new Log({ sink, level: 'info', utc: true, pid: 1 }).context('c');
    const config = configFromObject({
      rtmp: { listen: 0 },
      heartbeat: { enabled: true, intervalMs: 1000, url: server.url('/register') },
    });
    const heartbeat = new Heartbeat({
      config: () => config,
      identity,
      ip: '192.0.2.2',
      summaries,
      log,
    });
    cleanUp.push(() => heartbeat.stop());
    server.answer = behaviours.reset;
    heartbeat.start();
    await server.until(() => server.calls.length === 2);
    server.answer = behaviours.fail;
    await server.until(() => server.calls.length === 4);
    expect(server.calls[0]).toMatchObject({ method: 'POST', url: '/register' });
    expect(sink.with('heartbeat failed')).toHaveLength(1);
    expect(sink.with('heartbeat is taken again')).toHaveLength(1);
  });
});
