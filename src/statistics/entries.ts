import { randomId } from '../identity/random-id.ts';
import type { AudioTrack, VideoTrack } from '../native/boundary/stream.ts';
import type { WebrtcConnected, WebrtcLayer, WebrtcSentLayer } from '../native/boundary/webrtc.ts';
import type { ClientDescription } from './client-description.ts';
import { type MediaCounts, noMediaCounts } from './media-counts.ts';
import { Traffic } from './traffic.ts';
import type { Transport } from './transport.ts';

/** Sums of one protocol and direction. */
export interface ProtocolSums {
  readonly protocol: string;
  readonly publishes: boolean;
  clients: number;
  clientsTotal: number;
  received: number;
  sent: number;
  /** Media packets, of protocols that count them. */
  packetsReceived: number;
  packetsSent: number;
  readonly counts: MediaCounts;
}

/** What is known about one vhost, from its first client on. */
export class VhostEntry {
  /** As SRS makes them: `vid-` and seven characters. */
  readonly id = `vid-${randomId(7)}`;
  readonly name: string;
  readonly traffic: Traffic;
  clients = 0;
  /** Streams that are published. */
  published = 0;

  constructor(name: string, nowMs: number) {
    this.name = name;
    this.traffic = new Traffic(nowMs);
  }
}

/** What is known about one stream, while somebody publishes or plays it. */
export class StreamEntry {
  /** The same as in callbacks. */
  readonly id: string;
  readonly vhost: VhostEntry;
  readonly app: string;
  readonly name: string;
  /** See `streamUrl`. */
  readonly url: string;
  /** Of the client that came first. */
  readonly tcUrl: string;
  readonly traffic: Traffic;
  readonly counts: MediaCounts = noMediaCounts();
  /** Who publishes. */
  publisher: ClientEntry | undefined;
  /** Context id of who publishes, or was the last to; empty when there was nobody. */
  publisherId = '';
  /** Publisher and players. */
  clients = 0;
  video: VideoTrack | undefined;
  audio: AudioTrack | undefined;

  constructor(id: string, vhost: VhostEntry, first: ClientDescription, nowMs: number) {
    this.id = id;
    this.vhost = vhost;
    this.app = first.key.app;
    this.name = first.key.stream;
    this.url = first.streamUrl;
    this.tcUrl = first.tcUrl;
    this.traffic = new Traffic(nowMs);
  }
}

/** One session while it publishes or plays. */
export class ClientEntry {
  /** Context id. */
  readonly id: string;
  /** Session of the engine. */
  readonly session: number;
  readonly description: ClientDescription;
  readonly stream: StreamEntry;
  /** Of its protocol and direction. */
  readonly sums: ProtocolSums;
  readonly publishes: boolean;
  /** Monotonic, ms. */
  readonly startedAtMs: number;
  readonly traffic: Traffic;
  /** Bytes that waited for the peer at the last report. */
  queuedBytes = 0;
  /** Where its protocol measures the network, from the first report on. */
  transport: Transport | undefined;
  /** Of a WebRTC session that is connected. */
  connection: WebrtcConnected | undefined;
  /** Of a WebRTC publisher of simulcast. */
  layers: readonly WebrtcLayer[] | undefined;
  /** Of a WebRTC player that is not sent all of an only layer. */
  sentLayer: WebrtcSentLayer | undefined;

  constructor(
    peer: { readonly id: number; readonly cid: string },
    description: ClientDescription,
    stream: StreamEntry,
    sums: ProtocolSums,
    nowMs: number,
  ) {
    this.id = peer.cid;
    this.session = peer.id;
    this.publishes = sums.publishes;
    this.description = description;
    this.stream = stream;
    this.sums = sums;
    this.startedAtMs = nowMs;
    this.traffic = new Traffic(nowMs);
  }
}
