import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configFromObject } from '../config/from-object.ts';
import type { Logger } from '../log/logger.ts';
import type { RelayCall } from '../native/boundary/relay.ts';
import type { SessionClosed, SessionOpened } from '../native/boundary/session.ts';
import { StreamRegistry } from '../streams/registry.ts';
import { SrtRelays } from './srt-relays.ts';

const key = { vhost: '__defaultVhost__', app: 'live', stream: 'a' };
const peer = { id: 1, cid: 'publisher', protocol: 'rtmp', ip: '192.0.2.1' };

function scene() {
  const calls: RelayCall[] = [];
  const lines: string[] = [];
  const closed: number[] = [];
  const write = (line: string) => lines.push(line);
  const registry = new StreamRegistry({ maxWaiting: () => 10 });
  const config = configFromObject({
    streamCasters: [
      {
        name: 'pull',
        enabled: true,
        caster: 'srt',
        input: 'srt://127.0.0.1:9001?streamid=#!::r=live/far,m=request',
        output: 'rtmp://127.0.0.1/live/near',
      },
    ],
    vhosts: {
      __defaultVhost__: {
        forward: {
          enabled: true,
          destinations: [
            'srt://127.0.0.1:9000?passphrase=0123456789&latency=300',
            '127.0.0.1:1936',
          ],
        },
      },
    },
  });
  const relays = new SrtRelays({
    config: () => config,
    engine: { connect: (call) => calls.push(call), close: (session) => closed.push(session) },
    registry,
    log: { info: write, warn: write, error: write } as unknown as Logger,
  });
  const open = (call: RelayCall | undefined, session: number) =>
    relays.opened({ session, cid: call?.cid } as SessionOpened);
  const end = (session: number) =>
    relays.closed({ session, code: 'PEER_CLOSED', detail: 0 } as SessionClosed);
  return { calls, lines, closed, registry, relays, open, end };
}

/** Lets look-ups of names come back. */
async function called(calls: readonly RelayCall[], count: number): Promise<void> {
  await vi.waitFor(() => expect(calls).toHaveLength(count));
}

describe('SrtRelays', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('pushes a stream while it is published, and hides the passphrase from the log', async () => {
    const { calls, lines, closed, registry, relays, open } = scene();
    const publication = registry.claim(key, peer);
    vi.useRealTimers();
    await called(calls, 1);
    expect(calls[0]).toMatchObject({
      mode: 'push',
      ip: '127.0.0.1',
      port: 9000,
      app: 'live',
      stream: 'a',
      media: { stream: '/live/a' },
      srt: { passphrase: '0123456789', receive_latency_ms: 300 },
    });
    expect(open(calls[0], 7)).toBe(true);
    relays.connected(7);
    expect(lines.join()).toContain('only srt:// is served');
    expect(lines.join()).not.toContain('0123456789');
    registry.release(publication);
    expect(closed).toEqual([7]);
  });

  it('calls again, later each time, until the publisher goes', async () => {
    const { calls, registry, open, end } = scene();
    const publication = registry.claim(key, peer);
    for (const [attempt, waitMs] of [1000, 2000, 4000].entries()) {
      await vi.advanceTimersByTimeAsync(50);
      await called(calls, attempt + 1);
      expect(open(calls[attempt], attempt)).toBe(true);
      expect(end(attempt)).toBe(true);
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(calls).toHaveLength(attempt + 1);
      await vi.advanceTimersByTimeAsync(1);
    }
    await called(calls, 4);
    registry.release(publication);
    open(calls[3], 9);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(4);
  });

  it('pulls what casters name, as a session like any other', async () => {
    const { calls, relays, open, end } = scene();
    relays.start();
    vi.useRealTimers();
    await called(calls, 1);
    expect(calls[0]).toMatchObject({
      mode: 'pull',
      app: 'live',
      stream: 'near',
      srt: { stream_id: '#!::r=live/far,m=request' },
    });
    expect(open(calls[0], 3)).toBe(false);
    expect(end(3)).toBe(false);
    relays.stop();
  });
});
