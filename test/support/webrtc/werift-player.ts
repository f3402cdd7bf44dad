import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  type MediaStreamTrack,
  type PeerConfig,
  RTCPeerConnection,
  RTCRtpCodecParameters,
} from 'werift';

export const h264 = () =>
  new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    payloadType: 102,
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  });
export const opus = () =>
  new RTCRtpCodecParameters({
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    payloadType: 111,
  });
/** Opus with redundancy, RFC 2198. */
export const red = () =>
  new RTCRtpCodecParameters({
    mimeType: 'audio/red',
    clockRate: 48_000,
    channels: 2,
    payloadType: 63,
    parameters: '111/111',
  });

/** Longest wait for an answer, and for media. */
const ANSWER_MS = 15_000;
const MEDIA_MS = 40_000;

/** One RTP packet, as werift hands it on. */
export interface ReceivedPacket {
  readonly number: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

/**
 * Sends an offer by WHIP or WHEP.
 * @param port  in place of the server's own: that of a LossyLink.
 * @return the answer and the address of the session.
 */
export async function exchange(
  connection: RTCPeerConnection,
  url: string,
  port?: number,
): Promise<{ sdp: string; location: string }> {
  await connection.setLocalDescription(await connection.createOffer());
  const response = await fetch(url, {
    method: 'POST',
    body: connection.localDescription?.sdp ?? '',
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const answer = await response.text();
  expect(response.status, answer).toBe(201);
  // `a=candidate:foundation component transport priority address port ...`
  const candidate = /^(a=candidate:(?:[^ ]+ ){5})\d+/gm;
  const sdp = port === undefined ? answer : answer.replace(candidate, `$1${port}`);
  await connection.setRemoteDescription({ type: 'answer', sdp });
  return { sdp, location: response.headers.get('location') ?? '' };
}

/** A WHEP player of werift; keeps what it gets. */
export class WeriftPlayer {
  readonly audio: ReceivedPacket[] = [];
  readonly video: ReceivedPacket[] = [];
  sdp = '';
  location = '';
  readonly #connection: RTCPeerConnection;
  /** Called after each packet, while somebody waits. */
  #noticed: (() => void) | undefined;

  private constructor(settings: Partial<PeerConfig>) {
    const codecs = { video: [h264()], audio: [opus()] };
    this.#connection = new RTCPeerConnection({ codecs, ...settings });
    this.#connection.onTrack.subscribe((track: MediaStreamTrack) => {
      const packets = track.kind === 'audio' ? this.audio : this.video;
      track.onReceiveRtp.subscribe(({ header, payload }) => {
        const { sequenceNumber: number, timestamp } = header;
        packets.push({ number, timestamp, payload: Buffer.from(payload) });
        this.#noticed?.();
      });
    });
  }

  /**
   * @param url   of WHEP, with the stream.
   * @param port  see {@link exchange}.
   */
  static async play(
    url: string,
    kinds: readonly ('audio' | 'video')[] = ['audio', 'video'],
    settings: Partial<PeerConfig> = {},
    port?: number,
  ): Promise<WeriftPlayer> {
    const player = new WeriftPlayer(settings);
    for (const kind of kinds) {
      player.#connection.addTransceiver(kind, { direction: 'recvonly' });
    }
    const { sdp, location } = await exchange(player.#connection, url, port);
    player.sdp = sdp;
    player.location = location;
    return player;
  }

  /** Resolves when at least so many packets have come. @throws Error after {@link MEDIA_MS}. */
  async received(least: { readonly audio?: number; readonly video?: number }): Promise<void> {
    const { audio = 0, video = 0 } = least;
    const isEnough = () => this.audio.length >= audio && this.video.length >= video;
    const over = new AbortController();
    const enough = new Promise<true>((resolve) => {
      this.#noticed = () => isEnough() && resolve(true);
      this.#noticed();
    });
    const late = delay(MEDIA_MS, false, { signal: over.signal }).catch(() => false);
    const came = await Promise.race([enough, late]);
    over.abort();
    this.#noticed = undefined;
    if (!came) {
      const got = `${this.audio.length} of ${audio} audio, ${this.video.length} of ${video} video`;
      throw new Error(`${got} packets came; the answer was\n${this.sdp}`);
    }
  }

  /** Packets of video without a gap from the first one on: this peer may hand on a packet twice. */
  videoInOrder(): readonly Buffer[] {
    const first = this.video[0]?.number ?? 0;
    let next = first;
    return this.video.flatMap(({ number, payload }) => {
      if (number !== next) {
        return [];
      }
      next = (next + 1) & 0xffff;
      return [payload];
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
