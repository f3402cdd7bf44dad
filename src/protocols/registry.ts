import { hls } from './hls/protocol.ts';
import { httpLive } from './http-live/protocols.ts';
import { mpegtsUdp } from './mpegts-udp/protocol.ts';
import type { Protocol } from './protocol.ts';
import { rtmp } from './rtmp/protocol.ts';
import { srt } from './srt/protocol.ts';
import { webrtc } from './webrtc/protocol.ts';

/** The only list of protocols. */
export const protocols: readonly Protocol[] = [rtmp, ...httpLive, hls, srt, mpegtsUdp, webrtc];
