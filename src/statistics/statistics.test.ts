import { describe, expect, it } from 'vitest';
import { DEFAULT_VHOST } from '../config/millrace-config.ts';
import type { EngineReport } from '../native/boundary/figures.ts';
import type { SessionClosed } from '../native/boundary/session.ts';
import { SESSION_COLUMNS } from '../native/session-counters.ts';
import { TRANSPORT_COLUMNS } from '../native/transport-figures.ts';
import { streamUrl } from '../streams/stream-key.ts';
import type { ClientDescription } from './client-description.ts';
import { Statistics } from './statistics.ts';

type Counters = Partial<Record<(typeof SESSION_COLUMNS)[number], number>>;

/** A report that all loops made at `atMs`. */
function report(atMs: number, sessions: Readonly<Record<number, Counters>>): EngineReport {
  const rows = Object.entries(sessions).map(([session, counters]) => [
    Number(session),
    atMs,
    ...SESSION_COLUMNS.map((name) => counters[name] ?? 0),
  ]);
  const loop = { index: 0, at_ms: atMs, turns_by_length: [], busy_ns: 0, late_ns: 0, sessions: 0 };
  return {
    loops: [
      {
        ...loop,
        streams: 0,
        frames_waiting: 0,
        dropped_for_loop: 0,
        pool_blocks: 0,
        pool_free_bytes: 0,
      },
    ],
    columns: ['session', 'at_ms', ...SESSION_COLUMNS],
    sessions: new Uint8Array(Float64Array.from(rows.flat()).buffer),
    transport_columns: ['session', ...TRANSPORT_COLUMNS],
    transports: new Uint8Array(),
  };
}

function description(stream = 'a', protocol = 'rtmp'): ClientDescription {
  const key = { vhost: DEFAULT_VHOST, app: 'live', stream };
  return {
    key,
    streamUrl: streamUrl(key),
    protocol,
    type: `${protocol}-play`,
    name: stream,
    ip: '192.0.2.1',
    tcUrl: '',
    pageUrl: '',
    swfUrl: '',
  };
}

function closed(session: number, bytes_in: number, bytes_out: number): SessionClosed {
  const type = 'session_closed';
  return { type, session, code: 'PEER_CLOSED', detail: 0, bytes_in, bytes_out, skips: 0 };
}

const peer = (id: number, cid = `client${id}`) => ({ id, cid });

function setUp() {
  const clock = { nowMs: 1000 };
  return { clock, statistics: new Statistics('service1', () => clock.nowMs) };
}

function only<T>(entries: Iterable<T>): T {
  const [first, ...more] = entries;
  if (first === undefined || more.length > 0) {
    throw new Error('not one');
  }
  return first;
}

describe('statistics', () => {
  it('count publisher and players of a stream, and forget it with the last of them', () => {
    const { statistics } = setUp();
    statistics.begin(peer(1), false, description());
    statistics.begin(peer(2), true, description());
    statistics.begin(peer(3), false, description('a', 'http_flv'));
    const stream = only(statistics.streams.values());
    const vhost = only(statistics.vhosts.values());
    expect(stream).toMatchObject({ clients: 3, publisherId: 'client2' });
    expect(vhost).toMatchObject({ clients: 3, published: 1 });
    statistics.end(2);
    statistics.end(2);
    expect(stream).toMatchObject({ clients: 2, publisher: undefined, publisherId: 'client2' });
    expect(vhost).toMatchObject({ clients: 2, published: 0 });
    statistics.end(1);
    statistics.close(closed(3, 0, 0), false);
    expect([...statistics.streams, ...statistics.clients]).toEqual([]);
    expect(statistics.streams.get('/live/a')).toBeUndefined();
    expect(statistics.clientsTotal).toBe(3);
    expect([...statistics.protocols].map(({ clients }) => clients)).toEqual([0, 0, 0]);
  });

  it('leave the stream to the publisher that came before the end of the other was told', () => {
    const { statistics } = setUp();
    statistics.begin(peer(1), true, description());
    statistics.begin(peer(2), true, description());
    statistics.tracks({
      type: 'stream_tracks',
      session: 2,
      stream: '/live/a',
      audio: { codec: 'AAC', sample_rate: 44_100, channels: 2, profile: 2 },
    });
    statistics.end(1);
    const stream = only(statistics.streams.values());
    expect(stream.publisher?.id).toBe('client2');
    expect(stream.audio?.codec).toBe('AAC');
    expect(only(statistics.vhosts.values()).published).toBe(1);
  });

  it('take bytes and rates from the reports, right from the first one', () => {
    const { clock, statistics } = setUp();
    statistics.begin(peer(1), true, description());
    statistics.begin(peer(2), false, description('a', 'http_flv'));
    clock.nowMs = 1900; // read late, made at 1500
    statistics.update(
      report(1500, {
        1: { bytes_in: 62_500, bytes_out: 10 },
        2: { bytes_in: 5, bytes_out: 125_000 },
      }),
    );
    const stream = only(statistics.streams.values());
    expect(stream.traffic).toMatchObject({ received: 62_505, sent: 125_010 });
    expect(stream.traffic.kbps).toEqual({ received: 1000, sent: 2000 });
    expect(statistics.client('client1')?.traffic.kbps).toEqual({ received: 1000, sent: 0 });
    expect(statistics.traffic.kbps).toEqual({ received: 1000, sent: 2000 });
    statistics.update(
      report(2500, {
        1: { bytes_in: 187_500, bytes_out: 10 },
        2: { bytes_in: 5, bytes_out: 375_000 },
      }),
    );
    expect(stream.traffic.kbpsNow).toEqual({ received: 1000, sent: 2000 });
    expect([...statistics.protocols].map(({ protocol, sent }) => [protocol, sent])).toEqual([
      ['rtmp', 10],
      ['http_flv', 375_000],
    ]);
  });

  it('count what a session moved after its last report', () => {
    const { statistics } = setUp();
    statistics.begin(peer(1), true, description());
    statistics.update(report(2000, { 1: { bytes_in: 100 } }));
    statistics.close(closed(1, 150, 20), false);
    statistics.begin(peer(2), true, description());
    statistics.close(closed(2, 1000, 1), true);
    expect(statistics.traffic).toMatchObject({ received: 1150, sent: 21 });
    expect(statistics.clientErrors).toBe(1);
  });

  it('count a session that publishes one stream after the other once', () => {
    const { statistics } = setUp();
    statistics.begin(peer(1), true, description('a'));
    statistics.update(report(2000, { 1: { bytes_in: 100, video_frames: 25, jumps: 1 } }));
    statistics.end(1);
    statistics.begin(peer(1), true, description('b'));
    statistics.update(report(3000, { 1: { bytes_in: 300, video_frames: 50, jumps: 1 } }));
    const stream = only(statistics.streams.values());
    expect(stream).toMatchObject({ name: 'b', counts: { video_frames: 25, jumps: 0 } });
    expect(stream.traffic.received).toBe(200);
    expect(only(statistics.protocols).counts).toMatchObject({ video_frames: 50, jumps: 1 });
  });

  it('pass over sessions that neither publish nor play, or are gone', () => {
    const { statistics } = setUp();
    statistics.update(report(2000, { 7: { bytes_in: 100 } }));
    statistics.close(closed(7, 200, 0), true);
    expect(statistics.traffic.received).toBe(0);
    expect(statistics.clientErrors).toBe(0);
  });

  it('find the first of those who chose the same id', () => {
    const { statistics } = setUp();
    statistics.begin(peer(1, 'same'), false, description());
    statistics.begin(peer(2, 'same'), false, description());
    expect(statistics.client('same')?.session).toBe(1);
    statistics.end(2);
    expect(statistics.client('same')?.session).toBe(1);
  });

  it('count faults by part and name, whatever else the part says', () => {
    const { statistics } = setUp();
    for (let at = 0; at < 1000; at += 1) {
      statistics.trouble({
        type: 'trouble',
        area: `hls file /x/${at}.ts`,
        code: 'IO_ERROR',
        detail: 28,
        count: 2,
      });
    }
    expect([...statistics.faults]).toEqual([{ area: 'hls', code: 'IO_ERROR', count: 2000 }]);
  });

  it('refuse an addon of another version', () => {
    const { statistics } = setUp();
    const foreign = { ...report(1, {}), columns: ['session', 'at_ms', 'bytes_in'] };
    expect(() => statistics.update(foreign)).toThrow(/bytes_out/);
  });
});
