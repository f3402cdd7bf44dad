import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { FakeAddon } from '../../../test/fakes/fake-addon.ts';
import { MemorySink } from '../../../test/fakes/memory-sink.ts';
import { configFromObject } from '../../config/from-object.ts';
import { createServer, type Server } from '../../server.ts';

const OFFER = readFileSync(
  new URL('../../../test/vectors/sdp/chromium-play.sdp', import.meta.url),
  'utf8',
);
const SESSIONS = 100;
/** Nearly the longest that is taken. */
const OFFER_BYTES = 60_000;

let server: Server | undefined;
afterEach(() => server?.close());

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

it('keeps nothing of an offer that was answered', async () => {
  const addon = new FakeAddon();
  const config = configFromObject({
    httpApi: { enabled: true, listen: 0 },
    rtcServer: { enabled: true, listen: 8000, candidate: '192.0.2.1' },
    vhosts: { __defaultVhost__: { rtc: { enabled: true } } },
  });
  server = createServer(config, { addon, log: new MemorySink() });
  await server.start();
  const port = server.ports.find(({ purpose }) => purpose === 'api')?.endpoint.port;
  const play = async (ufrag: string): Promise<void> => {
    const padding = `a=x-padding:${'x'.repeat(100)}\r\n`;
    const body =
      OFFER.replaceAll(/a=ice-ufrag:.*\r\n/g, `a=ice-ufrag:${ufrag}\r\n`) +
      padding.repeat(Math.floor((OFFER_BYTES - OFFER.length) / padding.length));
    const answer = await fetch(`http://127.0.0.1:${port}/rtc/v1/whep/?app=live&stream=cam`, {
      method: 'POST',
      body,
    });
    expect(answer.status).toBe(201);
    await answer.text();
    addon.engine.webrtc.clear();
  };
  // What is compiled and kept for all sessions is there after the first ones.
  for (let i = 0; i < 10; ++i) {
    await play(`first-of-a-long-name-${i}`);
  }
  const before = usedBytes();
  for (let i = 0; i < SESSIONS; ++i) {
    await play(`another-of-a-long-name-${i}`);
  }
  expect(usedBytes() - before).toBeLessThan((SESSIONS * OFFER_BYTES) / 3);
});
