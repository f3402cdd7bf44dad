import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { nalHashes } from '../support/nal-hashes.ts';
import { expectRun, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { annexB, nalUnits } from '../support/webrtc/annex-b.ts';
import { WeriftPlayer } from '../support/webrtc/werift-player.ts';

const peers = new Peers();
let server: MediaServer;

beforeAll(async () => {
  clip('baseline-tone-opus.mkv');
  server = await MediaServer.start({
    root: `rtc_server { enabled on; listen 127.0.0.1:0 [::1]:0; candidate 127.0.0.1; }
      srt_server { enabled on; listen 127.0.0.1:0; }
      vhost no-sei { rtc { enabled on; rtmp_to_rtc on; keep_avc_nalu_sei off; } }`,
    vhost: 'rtc { enabled on; rtmp_to_rtc on; rtc_to_rtmp on; } srt { enabled on; }',
  });
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

const whep = (query: string) => server.api(`/rtc/v1/whep/?${query}`);
/** Enough to tell that media flows: four seconds of it. */
const ENOUGH = { audio: 100, video: 100 };

/** What a clip that is published again and again consists of, as far as a test sees of it. */
function endless(file: string): readonly string[] {
  const hashes = nalHashes(file, 'h264');
  return [...hashes, ...hashes];
}

/** Publishes a clip over RTMP; resolves when the server knows its tracks. */
async function publish(file: string, stream: string) {
  const from = server.log.length;
  const publisher = peers.loop(file, server.rtmp(`live/${stream}`));
  await publisher.during(server.published(`/live/${stream}`, from));
  await publisher.during(server.tracks(from));
  return publisher;
}

const explain = async (location: string) => {
  const response = await fetch(
    server.api(`/rtc/v1/connectivity/?${location.split('?')[1] ?? ''}`),
    { signal: AbortSignal.timeout(15_000) },
  );
  return response.text();
};

describe('FFmpeg 8, by WHIP', () => {
  it('is played over RTMP, its pictures untouched, and by WHEP', async () => {
    const file = clip('baseline-tone-opus.mkv');
    const publisher = peers.enhanced('loop', file, server.api('/rtc/v1/whip/?stream=ffmpeg'));
    await publisher.during(server.published('/live/ffmpeg'));
    const player = await WeriftPlayer.play(whep('stream=ffmpeg'));
    const watch = peers.watch(server.rtmp('live/ffmpeg'), 2);
    const { tracks } = watched(await publisher.during(watch.output()));
    expect(tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264']);
    const recording = `${server.place.folder}/ffmpeg.flv`;
    const copy = ['-c', 'copy', '-t', '4', '-y', recording];
    const from = ['-v', 'error', '-nostdin', '-i', server.rtmp('live/ffmpeg')];
    await publisher.during(peers.run('ffmpeg', [...from, ...copy]).output());
    const pictures = nalHashes(recording, 'h264');
    expect(pictures.length).toBeGreaterThan(50);
    expectRun(pictures, endless(file));
    await publisher.during(player.received(ENOUGH));
    await player.close();
    await publisher.stop();
  }, 90_000);
});

describe('werift, by WHEP', () => {
  it('plays an RTMP stream, and leaves', async () => {
    const publisher = await publish(clip('h264-aac.flv'), 'werift');
    const from = server.log.length;
    const player = await WeriftPlayer.play(whep('stream=werift'));
    await publisher.during(player.received(ENOUGH));
    expect(await explain(player.location)).toContain('connected over udp');
    const signal = AbortSignal.timeout(15_000);
    const { status } = await fetch(server.api(player.location), { method: 'DELETE', signal });
    expect(status).toBe(200);
    await server.line(/client disconnect peer/, from);
    await player.close();
    await publisher.stop();
  }, 90_000);

  it.each(['RTMP', 'SRT'])(
    'gets the pictures of an %s publisher untouched',
    async (protocol) => {
      const file = clip('baseline-tone-aac.flv');
      const stream = `pictures-${protocol}`;
      const publisher =
        protocol === 'SRT'
          ? peers.loop(file, server.srt(stream, 'publish'), [], 'mpegts')
          : peers.loop(file, server.rtmp(`live/${stream}`));
      await publisher.during(server.published(`/live/${stream}`));
      const player = await WeriftPlayer.play(whep(`stream=${stream}`));
      await publisher.during(player.received(ENOUGH));
      await player.close();
      await publisher.stop();
      const received = `${server.place.folder}/${stream}.h264`;
      writeFileSync(received, annexB(player.videoInOrder()));
      // What was being sent when the player left may be cut.
      const pictures = nalHashes(received, 'h264').slice(0, -1);
      expect(pictures.length).toBeGreaterThan(20);
      expectRun(pictures, endless(file));
    },
    90_000,
  );

  it('is sent to the address that it asks for, also over IPv6', async () => {
    const publisher = await publish(clip('h264-aac.flv'), 'six');
    const settings = { iceUseIpv4: false, iceUseIpv6: true, iceAdditionalHostAddresses: ['::1'] };
    const player = await WeriftPlayer.play(
      whep(`stream=six&eip=${encodeURIComponent('[::1]')}`),
      ['audio', 'video'],
      settings,
    );
    expect(player.sdp).toMatch(/a=candidate:0 1 udp 2130706431 ::1 \d+ typ host/);
    expect(player.sdp).toContain(` ::1 ${server.port('rtc', 1)} typ host`);
    expect(player.sdp).toContain(` 127.0.0.1 ${server.port('rtc')} typ host`);
    await publisher.during(player.received(ENOUGH));
    expect(await explain(player.location)).toContain('connected over udp with [');
    await player.close();
    await publisher.stop();
  }, 90_000);
});

describe('rtc.keep_avc_nalu_sei', () => {
  const SEI = 6;
  const MESSAGE = 'seconds since midnight';

  it.each([
    ['on', '__defaultVhost__'],
    ['off', 'no-sei'],
  ])(
    '%s: what the encoder says of its pictures, for players of WebRTC',
    async (value, vhost) => {
      // User data of the encoder (ITU-T H.264 §D.1.7) with each random access point.
      const sei = `sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+${MESSAGE}`;
      const filters = ['-bsf:v', `h264_mp4toannexb,h264_metadata=${sei}`];
      const name = `live/sei-${value}?vhost=${vhost}`;
      const from = server.log.length;
      const publisher = peers.loop(clip('baseline-tone-aac.flv'), server.rtmp(name), filters);
      await publisher.during(server.line(/start publish .*url=\S*\/live\/sei-/, from));
      const player = await WeriftPlayer.play(whep(`stream=sei-${value}&vhost=${vhost}`), ['video']);
      await publisher.during(player.received({ video: 100 }));
      await player.close();
      await publisher.stop();
      const units = [...nalUnits(player.videoInOrder())];
      const ofType = (type: number) => units.filter((unit) => ((unit[0] ?? 0) & 0x1f) === type);
      const idr = ofType(5);
      expect(idr.length, 'random access points').toBeGreaterThanOrEqual(3);
      const said = ofType(SEI).filter((unit) => unit.includes(MESSAGE));
      if (value === 'on') {
        expect(said.length).toBeGreaterThanOrEqual(3);
      } else {
        expect(ofType(SEI)).toEqual([]);
      }
    },
    90_000,
  );
});
