import { idlePeers } from './attacks/idle-peers.ts';
import { mediaBodies } from './attacks/media-bodies.ts';
import { players } from './attacks/players.ts';
import { rtmpAmf } from './attacks/rtmp-amf.ts';
import { rtmpChunks } from './attacks/rtmp-chunks.ts';
import { rtmpCommands } from './attacks/rtmp-commands.ts';
import { rtmpHandshake } from './attacks/rtmp-handshake.ts';
import { Site } from './support/site.ts';

const site = new Site().inThisFile();

rtmpHandshake(site);
rtmpChunks(site);
rtmpAmf(site);
rtmpCommands(site);
idlePeers(site);
players(site);
mediaBodies(site);
