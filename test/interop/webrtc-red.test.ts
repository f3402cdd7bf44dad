import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket } from 'werift';
import { LossyLink } from '../support/lossy-link.ts';
import { MediaServer } from '../support/media-server.ts';
import { exchange, opus, red, WeriftPlayer } from '../support/webrtc/werift-player.ts';

let server: MediaServer;

beforeAll(async () => {
  server = await MediaServer.start({
    root: 'rtc_server { enabled on; listen 127.0.0.1:0; candidate 127.0.0.1; }',
    vhost: 'rtc { enabled on; rtmp_to_rtc on; rtc_to_rtmp on; }',
  });
}, 30_000);
afterAll(() => server.stop());

const BAD = { loss: 0.1, delayMs: 5, jitterMs: 0 };
/** While peers connect: werift does not get through a lossy handshake. */
const GOOD = { ...BAD, loss: 0 };
const FRAME_MS = 20;
/** Frames that a test looks at: ten seconds. */
const FRAMES = 500;

/** A publisher of numbered Opus frames, in real time, until it is closed. */
class Publisher {
  readonly #connection: RTCPeerConnection;
  readonly #track = new MediaStreamTrack({ kind: 'audio' });
  readonly #halt = new AbortController();
  #sending = Promise.resolve();

  /** @param copies  of earlier frames in each packet; 0 goes without RED. */
  constructor(copies: number) {
    const audio = copies === 0 ? [opus()] : [red(), opus()];
    this.#connection = new RTCPeerConnection({ codecs: { audio } });
    const { sender } = this.#connection.addTransceiver(this.#track, { direction: 'sendonly' });
    sender.redDistance = copies;
  }

  async start(stream: string, port?: number): Promise<void> {
    const connected = new Promise<void>((resolve) => {
      this.#connection.connectionStateChange.subscribe((state) => {
        if (state === 'connected') {
          resolve();
        }
      });
    });
    await exchange(this.#connection, server.api(`/rtc/v1/whip/?stream=${stream}`), port);
    await connected;
    this.#sending = this.#send();
  }

  async close(): Promise<void> {
    this.#halt.abort();
    await this.#sending;
    await this.#connection.close();
  }

  async #send(): Promise<void> {
    const { signal } = this.#halt;
    const began = performance.now();
    for (let frame = 0; !signal.aborted; frame += 1) {
      // A stereo frame of 20 ms (RFC 6716 §3.1), and its number.
      const payload = Buffer.from([0xfc, frame >> 8, frame & 0xff, 0]);
      const header = new RtpHeader({
        sequenceNumber: (65_000 + frame) & 0xffff,
        timestamp: frame * 960,
        payloadType: 111,
      });
      this.#track.writeRtp(new RtpPacket(header, payload));
      const waitMs = (frame + 1) * FRAME_MS - (performance.now() - began);
      await delay(Math.max(0, waitMs), undefined, { signal }).catch(() => {});
    }
  }
}

/** Checks that nearly all frames came, each once and in order. */
function expectFrames(player: WeriftPlayer): void {
  // This peer may hand on a packet twice.
  const packets = player.audio.filter(({ number }, at) => number !== player.audio[at - 1]?.number);
  const frames = packets.map(({ payload }) => payload.readUInt16BE(1));
  const steps = frames.slice(1).map((frame, at) => frame - (frames[at] ?? 0));
  expect(Math.min(...steps), 'each once, in order').toBe(1);
  const missing = steps.reduce((sum, step) => sum + step - 1, 0);
  // One in ten is lost; all of those that could bring it with it, one in a hundred.
  expect(missing).toBeLessThan(frames.length / 33);
}

describe('werift with RED, behind a network that loses one packet in ten', () => {
  it.each([1, 2])(
    'publishes with %i copies: players get plain Opus without the losses',
    async (copies) => {
      const link = await LossyLink.open(server.port('rtc'), GOOD);
      const publisher = new Publisher(copies);
      await publisher.start(`up-${copies}`, link.port);
      link.become(BAD);
      const url = server.api(`/rtc/v1/whep/?stream=up-${copies}`);
      const player = await WeriftPlayer.play(url, ['audio'], { codecs: { audio: [opus()] } });
      expect(player.sdp).not.toContain(' red/');
      await player.received({ audio: FRAMES });
      await player.close();
      await publisher.close();
      link.close();
      expect(link.lost).toBeGreaterThan(FRAMES / 20);
      expectFrames(player);
    },
    60_000,
  );

  it('plays: copies bring what is lost on the way to it', async () => {
    const link = await LossyLink.open(server.port('rtc'), GOOD);
    const publisher = new Publisher(0);
    await publisher.start('down');
    const url = server.api('/rtc/v1/whep/?stream=down');
    const codecs = { audio: [red(), opus()] };
    const player = await WeriftPlayer.play(url, ['audio'], { codecs }, link.port);
    expect(player.sdp).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 63 111');
    await player.received({ audio: 1 });
    link.become(BAD);
    await player.received({ audio: FRAMES });
    await player.close();
    await publisher.close();
    link.close();
    expect(link.lost).toBeGreaterThan(FRAMES / 20);
    expectFrames(player);
  }, 60_000);
});
