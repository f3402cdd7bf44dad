// A viewer in a process of its own, which notes when each thing came. It writes a line when the first has come, and
// at the end its notes as one line of JSON. Started with: node --import tsx arrivals.ts
//   rtmp PORT NAME FRAMES | flv URL FRAMES | hls URL SEGMENTS | whep URL FRAMES
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';
import { isSequenceHeader, TagType } from './flv.ts';
import { fetchBytes, playlist } from './hls-viewer.ts';
import { viewFlv } from './http-flv.ts';
import { RtmpPeer } from './rtmp/rtmp-peer.ts';

/** One video frame, or one segment. */
export interface Arrival {
  /** Milliseconds since 1970, on the clock that all processes share. */
  readonly at: number;
  /** Of the payload. */
  readonly hash: string;
}

const arrivals: Arrival[] = [];

function note(bytes: Uint8Array): void {
  if (arrivals.length === 0) {
    process.stdout.write('begun\n');
  }
  arrivals.push({ at: Date.now(), hash: createHash('md5').update(bytes).digest('hex') });
}

async function viewRtmp(port: number, name: string, frames: number): Promise<void> {
  const peer = await RtmpPeer.connect(port);
  await peer.play(name);
  while (arrivals.length < frames) {
    const { type, timestamp, payload: body } = await peer.takeMedia('video');
    if (!isSequenceHeader({ type, timestamp, body })) {
      note(body);
    }
  }
  await peer.close();
}

async function viewHttpFlv(url: string, frames: number): Promise<void> {
  let seen = 0;
  await viewFlv(url, {
    limitMs: 60_000,
    enough: (tags) => {
      for (const tag of tags.slice(seen)) {
        if (tag.type === TagType.video && !isSequenceHeader(tag)) {
          note(tag.body);
        }
      }
      seen = tags.length;
      return arrivals.length >= frames;
    },
  });
}

async function viewHls(url: string, count: number): Promise<void> {
  let { url: media, segments } = await playlist(url);
  let next = segments[0]?.sequence ?? 0;
  while (arrivals.length < count) {
    for (const segment of segments.filter(({ sequence }) => sequence >= next)) {
      note(await fetchBytes(segment.url));
      next = segment.sequence + 1;
    }
    await delay(100);
    ({ url: media, segments } = await playlist(media));
  }
}

/** H.264, without NACK: on one machine nothing is lost, and a packet that is missing ends it. */
async function viewWhep(url: string, frames: number): Promise<void> {
  const video = new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    payloadType: 102,
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  });
  const connection = new RTCPeerConnection({ codecs: { video: [video] } });
  const seen = new Promise<void>((resolve, reject) => {
    let next: number | undefined;
    connection.onTrack.subscribe((track: MediaStreamTrack) => {
      track.onReceiveRtp.subscribe(({ header, payload }) => {
        if (next !== undefined && header.sequenceNumber !== next) {
          reject(new Error(`packet ${header.sequenceNumber} instead of ${next}`));
        }
        next = (header.sequenceNumber + 1) & 0xffff;
        if (header.marker) {
          note(payload);
          if (arrivals.length >= frames) {
            resolve();
          }
        }
      });
    });
  });
  connection.addTransceiver('video', { direction: 'recvonly' });
  await connection.setLocalDescription(await connection.createOffer());
  const response = await fetch(url, {
    method: 'POST',
    body: connection.localDescription?.sdp ?? '',
  });
  const sdp = await response.text();
  if (!response.ok) {
    throw new Error(sdp);
  }
  await connection.setRemoteDescription({ type: 'answer', sdp });
  await seen;
  await connection.close();
}

const [form, one = '', two = '', three = ''] = process.argv.slice(2);
await (form === 'rtmp'
  ? viewRtmp(Number(one), two, Number(three))
  : form === 'flv'
    ? viewHttpFlv(one, Number(two))
    : form === 'whep'
      ? viewWhep(one, Number(two))
      : viewHls(one, Number(two)));
process.stdout.write(`${JSON.stringify(arrivals)}\n`);
