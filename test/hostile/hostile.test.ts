import { hls } from './attacks/hls.ts';
import { httpApi } from './attacks/http-api.ts';
import { httpPaths } from './attacks/http-paths.ts';
import { httpPublish } from './attacks/http-publish.ts';
import { httpRequests } from './attacks/http-requests.ts';
import { httpSlow } from './attacks/http-slow.ts';
import { idlePeers } from './attacks/idle-peers.ts';
import { mediaBodies } from './attacks/media-bodies.ts';
import { players } from './attacks/players.ts';
import { rtmpAmf } from './attacks/rtmp-amf.ts';
import { rtmpChunks } from './attacks/rtmp-chunks.ts';
import { rtmpCommands } from './attacks/rtmp-commands.ts';
import { rtmpHandshake } from './attacks/rtmp-handshake.ts';
import { srt } from './attacks/srt.ts';
import { tls } from './attacks/tls.ts';
import { webrtcSignaling } from './attacks/webrtc-signaling.ts';
import { websocket } from './attacks/websocket.ts';
import { Site } from './support/site.ts';

// One server for all: it has to be the same process at the end, and what one attack leaves behind adds up.
const site = new Site().inThisFile();

rtmpHandshake(site);
rtmpChunks(site);
rtmpAmf(site);
rtmpCommands(site);
idlePeers(site);
players(site);
mediaBodies(site);
httpRequests(site);
httpSlow(site);
httpPaths(site);
httpApi(site);
httpPublish(site);
websocket(site);
webrtcSignaling(site);
hls(site);
tls(site);
srt(site);
