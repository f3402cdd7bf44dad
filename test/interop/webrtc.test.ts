import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type MediaStreamTrack,
  type PeerConfig,
  RTCPeerConnection,
  RTCRtpCodecParameters,
} from 'werift';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { nalHashes } from '../support/nal-hashes.ts';
import { expectRun, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { annexB } from '../support/webrtc/annex-b.ts';

const peers = new Peers();
let server: MediaServer;

beforeAll(async () => {
  clip('baseline-tone-opus.mkv');
  server = await MediaServer.start({
    root: `rtc_server { enabled on; listen 127.0.0.1:0 [::1]:0; candidate 127.0.0.1; }
      srt_server { enabled on; listen 127.0.0.1:0; }`,
    vhost: 'rtc { enabled on; rtmp_to_rtc on; rtc_to_rtmp on; } srt { enabled on; }',
  });
}, 60_000);
afterAll(async () => {
  await peers.clear();
  await server.stop();
});

const video = () =>
  new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    payloadType: 102,
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  });
const audio = () =>
  new RTCRtpCodecParameters({
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    payloadType: 111,
  });

/** A WHEP player of werift; keeps what it gets. */
async function play(stream: string, query = '', settings: Partial<PeerConfig> = {}) {
  const connection = new RTCPeerConnection({
    codecs: { video: [video()], audio: [audio()] },
    ...settings,
  });
  const counts = { audio: 0, video: 0 };
  const packets: { readonly number: number; readonly payload: Buffer }[] = [];
  const enough = new Promise<void>((resolve) => {
    connection.onTrack.subscribe((track: MediaStreamTrack) => {
      track.onReceiveRtp.subscribe(({ header, payload }) => {
        if (track.kind === 'video') {
          packets.push({ number: header.sequenceNumber, payload: Buffer.from(payload) });
        }
        counts[track.kind === 'audio' ? 'audio' : 'video'] += 1;
        if (counts.audio >= 100 && counts.video >= 100) {
          resolve();
        }
      });
    });
  });
  connection.addTransceiver('audio', { direction: 'recvonly' });
  connection.addTransceiver('video', { direction: 'recvonly' });
  await connection.setLocalDescription(await connection.createOffer());
  const response = await fetch(server.api(`/rtc/v1/whep/?stream=${stream}${query}`), {
    method: 'POST',
    body: connection.localDescription?.sdp ?? '',
  });
  const sdp = await response.text();
  expect(response.status, sdp).toBe(201);
  await connection.setRemoteDescription({ type: 'answer', sdp });
  return { connection, enough, packets, sdp, location: response.headers.get('location') ?? '' };
}

/** Publishes MPEG-TS in real time over SRT. */
function publishOverSrt(file: string, stream: string) {
  const input = ['-v', 'error', '-nostdin', '-re', '-i', file, '-c', 'copy'];
  return peers.run('ffmpeg', [...input, '-f', 'mpegts', server.srt(stream, 'publish')]);
}

describe('FFmpeg 8, by WHIP', () => {
  it('is played over RTMP, its pictures untouched, and by WHEP', async () => {
    const file = clip('baseline-tone-opus.mkv');
    const publisher = peers.enhanced('publish', file, server.api('/rtc/v1/whip/?stream=ffmpeg'));
    await Promise.race([server.published('/live/ffmpeg'), publisher.output()]);
    const player = await play('ffmpeg');
    const { tracks } = watched(await peers.watch(server.rtmp('live/ffmpeg'), 2).output());
    expect(tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264']);
    const recording = `${server.place.folder}/ffmpeg.flv`;
    const copy = ['-c', 'copy', '-t', '4', '-y', recording];
    await peers
      .run('ffmpeg', ['-v', 'error', '-nostdin', '-i', server.rtmp('live/ffmpeg'), ...copy])
      .output();
    const pictures = nalHashes(recording, 'h264');
    expect(pictures.length).toBeGreaterThan(50);
    expectRun(pictures, nalHashes(file, 'h264'));
    await player.enough;
    await player.connection.close();
    await publisher.stop();
  }, 90_000);
});

describe('werift, by WHEP', () => {
  it('plays an RTMP stream, and leaves', async () => {
    const publisher = peers.publish(clip('h264-aac.flv'), server.rtmp('live/werift'));
    await server.published('/live/werift');
    await server.tracks();
    const from = server.log.length;
    const player = await play('werift');
    await player.enough;
    const check = await fetch(
      server.api(`/rtc/v1/connectivity/?${player.location.split('?')[1] ?? ''}`),
    );
    expect(await check.text()).toContain('connected over udp');
    expect((await fetch(server.api(player.location), { method: 'DELETE' })).status).toBe(200);
    await server.line(/client disconnect peer/, from);
    await player.connection.close();
    await publisher.stop();
  }, 90_000);

  it.each(['RTMP', 'SRT'])(
    'gets the pictures of an %s publisher untouched',
    async (protocol) => {
      const file = clip('baseline-tone-aac.flv');
      const stream = `pictures-${protocol}`;
      const publisher =
        protocol === 'SRT'
          ? publishOverSrt(file, stream)
          : peers.publish(file, server.rtmp(`live/${stream}`));
      await server.published(`/live/${stream}`);
      const player = await play(stream);
      await player.enough;
      await player.connection.close();
      await publisher.stop();
      const { packets } = player;
      const [first] = packets;
      // Numbers wrap; nothing is lost on a loopback, but this peer may hand on a packet twice.
      const inOrder = packets.filter(
        ({ number }, at) => number === (((first?.number ?? 0) + at) & 0xffff),
      );
      const received = `${server.place.folder}/${stream}.h264`;
      writeFileSync(received, annexB(inOrder.map(({ payload }) => payload)));
      // What was being sent when the player left may be cut.
      const pictures = nalHashes(received, 'h264').slice(0, -1);
      expect(pictures.length).toBeGreaterThan(20);
      expectRun(pictures, nalHashes(file, 'h264'));
    },
    90_000,
  );

  it('is sent to the address that it asks for, also over IPv6', async () => {
    const publisher = peers.publish(clip('h264-aac.flv'), server.rtmp('live/six'));
    await server.published('/live/six');
    await server.tracks();
    const settings = { iceUseIpv4: false, iceUseIpv6: true, iceAdditionalHostAddresses: ['::1'] };
    const player = await play('six', `&eip=${encodeURIComponent('[::1]')}`, settings);
    expect(player.sdp).toMatch(/a=candidate:0 1 udp 2130706431 ::1 \d+ typ host/);
    expect(player.sdp).toContain(` ::1 ${server.port('rtc', 1)} typ host`);
    expect(player.sdp).toContain(` 127.0.0.1 ${server.port('rtc')} typ host`);
    await player.enough;
    const query = player.location.split('?')[1] ?? '';
    const check = await fetch(server.api(`/rtc/v1/connectivity/?${query}`));
    expect(await check.text()).toContain('connected over udp with [');
    await player.connection.close();
    await publisher.stop();
  }, 90_000);
});
