import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MediaServer } from '../support/media-server.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

let server: MediaServer;
const scene = new RtmpScene(() => server);

beforeAll(async () => {
  server = await MediaServer.start({
    root: `
      vhost impatient { publish { firstpkt_timeout 700; normal_timeout 700; } }
      vhost idle { publish { kickoff_for_idle 1; } }
    `,
  });
});
afterEach(() => scene.clear());
afterAll(() => server.stop());

describe('a publisher is closed', () => {
  it('when its first packet does not come in firstpkt_timeout', async () => {
    const publisher = await scene.connected();
    await publisher.publish('silent?vhost=impatient');
    await publisher.end();
  });

  it('when it falls silent for normal_timeout, and its name is free then', async () => {
    const publisher = await scene.publishing('stuck?vhost=impatient', { burstMs: 500 });
    await publisher.halt();
    await publisher.peer.end();
    await scene.publishing('stuck?vhost=impatient');
  });

  it('when nobody plays it for kickoff_for_idle', async () => {
    const [idle, played] = await Promise.all([
      scene.publishing('idle?vhost=idle'),
      scene.publishing('played?vhost=idle'),
    ]);
    const player = await scene.playing('played?vhost=idle');
    await idle.peer.end();
    expect(played.peer.ended).toBe(false);
    expect(player.ended).toBe(false);
  });
});
