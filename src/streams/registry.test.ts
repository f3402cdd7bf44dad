import { describe, expect, it, vi } from 'vitest';
import { IdlePublishers } from './idle-publishers.ts';
import { type Peer, StreamRegistry } from './registry.ts';
import { streamUrl } from './stream-key.ts';

const key = { vhost: '__defaultVhost__', app: 'live', stream: 'livestream' };
const url = '/live/livestream';

function peer(id: number, protocol = 'rtmp'): Peer {
  return { id, cid: `cid${id}`, protocol, ip: '192.0.2.1' };
}

function registry(maxWaiting = 10) {
  const clock = { ms: 0 };
  return { clock, streams: new StreamRegistry({ maxWaiting: () => maxWaiting }, () => clock.ms) };
}

describe('streamUrl', () => {
  it('leaves the default vhost out', () => {
    expect(streamUrl(key)).toBe(url);
    expect(streamUrl({ ...key, vhost: 'a.example' })).toBe('a.example/live/livestream');
  });
});

describe('StreamRegistry', () => {
  it('refuses a second publisher whatever its protocol, and leaves the first alone', () => {
    const { streams } = registry();
    const first = streams.claim(key, peer(1));
    expect(() => streams.claim(key, peer(2, 'srt'))).toThrow(
      expect.objectContaining({ code: 'STREAM_BUSY' }),
    );
    expect(streams.get(url)?.publication).toBe(first);
  });

  it('frees a name at once', () => {
    const { streams } = registry();
    streams.release(streams.claim(key, peer(1)));
    expect(streams.claim(key, peer(2)).peer.id).toBe(2);
  });

  it('does not let a publisher that was released twice free the name of the next', () => {
    const { streams } = registry();
    const first = streams.claim(key, peer(1));
    streams.release(first);
    const second = streams.claim(key, peer(2));
    streams.release(first);
    expect(streams.get(url)?.publication).toBe(second);
  });

  it('tells apart names that read alike', () => {
    const { streams } = registry();
    streams.claim({ vhost: 'a', app: 'b/c', stream: 'd' }, peer(1));
    streams.claim({ vhost: 'a', app: 'b', stream: 'd' }, peer(2));
    streams.claim({ vhost: '__defaultVhost__', app: 'a/b', stream: 'd' }, peer(3));
    expect(streams.published).toBe(3);
  });

  it('counts players that wait and moves them to the publisher that comes', () => {
    const { streams } = registry();
    const player = streams.join(key, peer(1));
    streams.join(key, peer(2));
    expect(streams.waiting).toBe(2);
    const publication = streams.claim(key, peer(3));
    expect(streams.waiting).toBe(0);
    expect(streams.get(url)?.players).toBe(2);
    streams.release(publication);
    expect(streams.waiting).toBe(2);
    streams.leave(player);
    streams.leave(player);
    expect(streams.waiting).toBe(1);
  });

  it('bounds the players that wait, not those that play', () => {
    const { streams } = registry(1);
    streams.join(key, peer(1));
    expect(() => streams.join({ ...key, stream: 'other' }, peer(2))).toThrow(
      expect.objectContaining({ code: 'QUEUE_FULL' }),
    );
    streams.claim(key, peer(3));
    streams.join(key, peer(4));
    streams.join(key, peer(5));
    expect(streams.get(url)?.players).toBe(3);
  });

  it('forgets names that nobody uses', () => {
    const { streams } = registry(1000);
    for (let id = 0; id < 1000; id += 1) {
      streams.leave(streams.join({ ...key, stream: `s${id}` }, peer(id)));
    }
    streams.release(streams.claim(key, peer(1)));
    expect([...streams.states()]).toEqual([]);
    expect(streams.waiting).toBe(0);
  });

  it('remembers the context ids of this and the last publisher', () => {
    const { streams } = registry();
    streams.join(key, peer(9));
    streams.release(streams.claim(key, peer(1)));
    streams.claim(key, peer(2));
    expect(streams.get(url)).toMatchObject({ sourceId: 'cid2', previousSourceId: 'cid1' });
  });

  it('tells what happens in order', () => {
    const { streams } = registry();
    const told: string[] = [];
    streams.on('published', ({ peer: { cid } }) => told.push(`published ${cid}`));
    streams.on('unpublished', ({ peer: { cid } }) => told.push(`unpublished ${cid}`));
    streams.on('playing', ({ peer: { cid } }) => told.push(`playing ${cid}`));
    streams.on('stopped', ({ peer: { cid } }) => told.push(`stopped ${cid}`));
    const player = streams.join(key, peer(1));
    const publication = streams.claim(key, peer(2));
    streams.release(publication);
    streams.leave(player);
    expect(told).toEqual(['playing cid1', 'published cid2', 'unpublished cid2', 'stopped cid1']);
  });
});

describe('IdlePublishers', () => {
  it('kicks a publisher that nobody played for the limit, and no other', () => {
    const { streams, clock } = registry();
    const kick = vi.fn();
    const idle = new IdlePublishers(streams, () => 10_000, kick);
    const publication = streams.claim(key, peer(1));
    streams.claim({ ...key, stream: 'played' }, peer(2));
    streams.join({ ...key, stream: 'played' }, peer(3));

    clock.ms = 9999;
    idle.check();
    expect(kick).not.toHaveBeenCalled();
    clock.ms = 10_000;
    idle.check();
    expect(kick).toHaveBeenCalledExactlyOnceWith(publication);
  });

  it('counts from the moment the last player left', () => {
    const { streams, clock } = registry();
    const kick = vi.fn();
    const idle = new IdlePublishers(streams, () => 10_000, kick);
    streams.claim(key, peer(1));
    const player = streams.join(key, peer(2));
    clock.ms = 60_000;
    streams.leave(player);
    idle.check();
    expect(kick).not.toHaveBeenCalled();
    clock.ms = 70_000;
    idle.check();
    expect(kick).toHaveBeenCalledOnce();
  });

  it('lets everybody stay when there is no limit', () => {
    const { streams, clock } = registry();
    const kick = vi.fn();
    streams.claim(key, peer(1));
    clock.ms = 1e9;
    new IdlePublishers(streams, () => 0, kick).check();
    expect(kick).not.toHaveBeenCalled();
  });
});
