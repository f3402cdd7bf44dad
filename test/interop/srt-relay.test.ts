import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { expectRun, ofKind, packetsOf, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';

const SECONDS = 3;
const NAME = 'h264-aac.flv';
const PASSPHRASE = 'correct-horse-battery';
const peers = new Peers();
const servers: MediaServer[] = [];

async function start(root: string, vhost = ''): Promise<MediaServer> {
  const server = await MediaServer.start({ root, vhost: `srt { enabled on; } ${vhost}` });
  servers.push(server);
  return server;
}

beforeAll(() => {
  clip(NAME);
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await Promise.all(servers.map((server) => server.stop()));
});

describe('relays over SRT', () => {
  it('a stream is pushed to one server, and pulled from there by another', async () => {
    const middle = await start(
      `srt_server { enabled on; listen 127.0.0.1:0; passphrase ${PASSPHRASE}; }`,
    );
    const at = `srt://127.0.0.1:${middle.port('srt')}?passphrase=${PASSPHRASE}`;
    const source = await start(
      '',
      `forward { enabled on; destination ${at}&streamid=%23!::r=live/pushed,m=publish; }`,
    );
    const last = await start(`stream_caster {
      enabled on; caster srt; input ${at}&streamid=%23!::r=live/pushed,m=request;
      output rtmp://127.0.0.1/live/pulled;
    }`);
    const publisher = peers.publish(clip(NAME), source.rtmp('live/a'));
    await middle.published('/live/pushed');
    await last.published('/live/pulled');
    const received = watched(await peers.watch(last.rtmp('live/pulled'), SECONDS).output());
    expect(received.tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264']);
    for (const kind of ['audio'] as const) {
      const hashes = ofKind(received, kind).map(({ hash }) => hash);
      expect(hashes.length).toBeGreaterThan(SECONDS * 36);
      expectRun(
        hashes,
        ofKind(packetsOf(clip(NAME)), kind).map(({ hash }) => hash),
      );
    }
    expect(ofKind(received, 'video').length).toBeGreaterThan(SECONDS * 25 - 5);

    // Cut off, it calls again.
    const seen = middle.log.length;
    const { clients } = (await (await fetch(middle.api('/api/v1/clients/'))).json()) as {
      clients: { id: string; publish: boolean }[];
    };
    const pushed = clients.find(({ publish }) => publish);
    await fetch(middle.api(`/api/v1/clients/${pushed?.id}`), { method: 'DELETE' });
    await middle.published('/live/pushed', seen);

    // And with its publisher it ends.
    const ending = middle.log.length;
    await publisher.stop();
    await middle.line(/cleanup when unpublish, url=\/live\/pushed/, ending);
    expect(source.log).not.toContain(PASSPHRASE);
    expect(last.log).not.toContain(PASSPHRASE);
  });
});
