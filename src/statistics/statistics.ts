import type { ErrorCode } from '../errors/codes.ts';
import type { EngineReport, LoopFigures } from '../native/boundary/figures.ts';
import type { SessionClosed, Trouble } from '../native/boundary/session.ts';
import type { StreamTracks } from '../native/boundary/stream.ts';
import type { WebrtcConnected, WebrtcLayers, WebrtcSentLayer } from '../native/boundary/webrtc.ts';
import { forEachSession, monotonicMs, type SessionRecord } from '../native/session-counters.ts';
import { forEachTransport, type TransportFigures } from '../native/transport-figures.ts';
import { streamId } from '../streams/stream-id.ts';
import type { ClientDescription } from './client-description.ts';
import { ClientEntry, type ProtocolSums, StreamEntry, VhostEntry } from './entries.ts';
import { MEDIA_COLUMNS, type MediaCounts, noMediaCounts } from './media-counts.ts';
import { Traffic } from './traffic.ts';
import { Transport } from './transport.ts';

/** Kinds of faults that are counted apart; more are counted as `other`. */
const MAX_FAULT_KINDS = 256;

/** What a session had counted at the last report: counters of the engine only grow. */
interface Baseline {
  received: number;
  sent: number;
  readonly counts: MediaCounts;
}

/** Faults of one kind since the start. */
export interface FaultCount {
  readonly area: string;
  readonly code: ErrorCode;
  count: number;
}

/**
 * Who publishes and plays, and what they move: for API and metrics. Clients are told of as they come
 * and go; what they moved comes from the engine's reports, once a second.
 */
export class Statistics {
  readonly traffic: Traffic;
  clientsTotal = 0;
  clientErrors = 0;
  #loops: readonly LoopFigures[] = [];
  readonly #vhosts = new Map<string, VhostEntry>();
  /** By url. */
  readonly #streams = new Map<string, StreamEntry>();
  readonly #streamsById = new Map<string, StreamEntry>();
  /** By session. */
  readonly #clients = new Map<number, ClientEntry>();
  readonly #clientsById = new Map<string, ClientEntry>();
  readonly #baselines = new Map<number, Baseline>();
  readonly #protocols = new Map<string, ProtocolSums>();
  readonly #faults = new Map<string, FaultCount>();
  readonly #serviceId: string;
  readonly #now: () => number;

  /**
   * @param serviceId  of this run of the server: ids of streams depend on it.
   * @param now  clock of the engine's reports, ms.
   */
  constructor(serviceId: string, now: () => number = monotonicMs) {
    this.#serviceId = serviceId;
    this.#now = now;
    this.traffic = new Traffic(now());
  }

  /** Figures of the loops at their last report. */
  get loops(): readonly LoopFigures[] {
    return this.#loops;
  }

  /** By name. */
  get vhosts(): ReadonlyMap<string, VhostEntry> {
    return this.#vhosts;
  }

  /** By url, in the order in which they came. */
  get streams(): ReadonlyMap<string, StreamEntry> {
    return this.#streams;
  }

  /** By session, in the order in which they came. */
  get clients(): ReadonlyMap<number, ClientEntry> {
    return this.#clients;
  }

  get protocols(): Iterable<ProtocolSums> {
    return this.#protocols.values();
  }

  get faults(): Iterable<FaultCount> {
    return this.#faults.values();
  }

  /** @param id  context id. */
  client(id: string): ClientEntry | undefined {
    return this.#clientsById.get(id);
  }

  /** @param id  see `streamId`. */
  stream(id: string): StreamEntry | undefined {
    return this.#streamsById.get(id);
  }

  /** Now, on the clock of `startedAtMs`. */
  now(): number {
    return this.#now();
  }

  /** A session publishes or plays from now on. */
  begin(
    peer: { readonly id: number; readonly cid: string },
    publishes: boolean,
    description: ClientDescription,
  ): void {
    this.end(peer.id);
    const nowMs = this.#now();
    const stream = this.#streamFor(description, nowMs);
    const sums = this.#sumsOf(description.protocol, publishes);
    const client = new ClientEntry(peer, description, stream, sums, nowMs);
    this.#clients.set(peer.id, client);
    if (!this.#clientsById.has(peer.cid)) {
      this.#clientsById.set(peer.cid, client);
    }
    stream.clients += 1;
    stream.vhost.clients += 1;
    if (publishes) {
      stream.vhost.published += stream.publisher ? 0 : 1;
      stream.publisher = client;
      stream.publisherId = peer.cid;
      stream.video = undefined;
      stream.audio = undefined;
    }
    this.clientsTotal += 1;
    sums.clients += 1;
    sums.clientsTotal += 1;
  }

  /** The session publishes or plays no more. Does nothing for one that does not. */
  end(session: number): void {
    const client = this.#clients.get(session);
    if (!client) {
      return;
    }
    this.#clients.delete(session);
    if (this.#clientsById.get(client.id) === client) {
      this.#clientsById.delete(client.id);
    }
    const { stream } = client;
    stream.clients -= 1;
    stream.vhost.clients -= 1;
    // Another may have taken the name before the end of this one was told.
    if (stream.publisher === client) {
      stream.publisher = undefined;
      stream.vhost.published -= 1;
      stream.video = undefined;
      stream.audio = undefined;
    }
    if (stream.clients === 0) {
      this.#streams.delete(stream.url);
      this.#streamsById.delete(stream.id);
    }
    client.sums.clients -= 1;
  }

  /** The session is gone: what it moved since the last report still counts. */
  close({ session, bytes_in, bytes_out, code }: SessionClosed, isFault: boolean): void {
    const client = this.#clients.get(session);
    if (client) {
      const counted = this.#baselines.get(session);
      this.#credit(
        client,
        Math.max(bytes_in - (counted?.received ?? 0), 0),
        Math.max(bytes_out - (counted?.sent ?? 0), 0),
      );
      this.clientErrors += isFault && code !== 'NONE' ? 1 : 0;
    }
    this.#baselines.delete(session);
    this.end(session);
  }

  /** A WebRTC session is connected, or has come to another path. */
  connected(event: WebrtcConnected): void {
    const client = this.#clients.get(event.session);
    if (client) {
      client.connection = event;
    }
  }

  layers({ session, layers }: WebrtcLayers): void {
    const client = this.#clients.get(session);
    if (client) {
      client.layers = layers;
    }
  }

  sentLayer(event: WebrtcSentLayer): void {
    const client = this.#clients.get(event.session);
    if (client) {
      client.sentLayer = event;
    }
  }

  /** Tracks of a stream became known. */
  tracks({ stream, video, audio }: StreamTracks): void {
    const entry = this.#streams.get(stream);
    if (entry) {
      entry.video = video;
      entry.audio = audio;
    }
  }

  trouble({ area, code, count }: Trouble): void {
    // An area may go on with a path or a name; its first word says what it is.
    const [kind = area] = area.split(' ', 1);
    this.fault(kind, code, count);
  }

  /** Something was refused or went wrong, which the log tells of. @param area  part of the server. */
  fault(kind: string, code: ErrorCode, count = 1): void {
    const key = `${kind} ${code}`;
    const known = this.#faults.get(key);
    if (known) {
      known.count += count;
    } else if (this.#faults.size < MAX_FAULT_KINDS) {
      this.#faults.set(key, { area: kind, code, count });
    }
  }

  /** Takes in what the engine's loops have counted. */
  update(report: EngineReport): void {
    this.#loops = report.loops;
    forEachSession(report, (record) => this.#take(record));
    // Loops report at the same moments; what they counted is of then, not of now.
    const atMs = report.loops.reduce((latest, loop) => Math.max(latest, loop.at_ms), 0);
    forEachTransport(report, (session, figures) => this.#takeTransport(session, atMs, figures));
    for (const { traffic } of this.#streams.values()) {
      traffic.note(atMs);
    }
    for (const { traffic } of this.#vhosts.values()) {
      traffic.note(atMs);
    }
    this.traffic.note(atMs);
  }

  #take(record: SessionRecord): void {
    let counted = this.#baselines.get(record.session);
    const client = this.#clients.get(record.session);
    if (!counted) {
      if (!client) {
        // Has ended meanwhile, or does not publish or play yet: then its bytes count when it does.
        return;
      }
      counted = { received: 0, sent: 0, counts: noMediaCounts() };
      this.#baselines.set(record.session, counted);
    }
    const received = record.get('bytes_in');
    const sent = record.get('bytes_out');
    if (client) {
      this.#credit(client, received - counted.received, sent - counted.sent);
      for (const column of MEDIA_COLUMNS) {
        const grown = record.get(column) - counted.counts[column];
        if (grown !== 0) {
          client.stream.counts[column] += grown;
          client.sums.counts[column] += grown;
          counted.counts[column] += grown;
        }
      }
      client.queuedBytes = record.get('queued_bytes');
      client.traffic.note(record.atMs);
    }
    counted.received = received;
    counted.sent = sent;
  }

  #takeTransport(session: number, atMs: number, figures: TransportFigures): void {
    const client = this.#clients.get(session);
    if (!client) {
      return;
    }
    const before = client.transport?.figures;
    client.sums.packetsReceived += figures.packets_in - (before?.packets_in ?? 0);
    client.sums.packetsSent += figures.packets_out - (before?.packets_out ?? 0);
    if (client.transport) {
      client.transport.note(atMs, figures);
    } else {
      client.transport = new Transport(atMs, figures);
    }
  }

  #credit(client: ClientEntry, received: number, sent: number): void {
    client.traffic.add(received, sent);
    client.stream.traffic.add(received, sent);
    client.stream.vhost.traffic.add(received, sent);
    this.traffic.add(received, sent);
    client.sums.received += received;
    client.sums.sent += sent;
  }

  #streamFor(description: ClientDescription, nowMs: number): StreamEntry {
    const known = this.#streams.get(description.streamUrl);
    if (known) {
      return known;
    }
    const name = description.key.vhost;
    let vhost = this.#vhosts.get(name);
    if (!vhost) {
      vhost = new VhostEntry(name, nowMs);
      this.#vhosts.set(name, vhost);
    }
    const id = streamId(this.#serviceId, description.streamUrl);
    const stream = new StreamEntry(id, vhost, description, nowMs);
    this.#streams.set(stream.url, stream);
    this.#streamsById.set(stream.id, stream);
    return stream;
  }

  #sumsOf(protocol: string, publishes: boolean): ProtocolSums {
    const key = `${protocol} ${publishes ? 'publish' : 'play'}`;
    let sums = this.#protocols.get(key);
    if (!sums) {
      sums = {
        protocol,
        publishes,
        clients: 0,
        clientsTotal: 0,
        received: 0,
        sent: 0,
        packetsReceived: 0,
        packetsSent: 0,
        counts: noMediaCounts(),
      };
      this.#protocols.set(key, sums);
    }
    return sums;
  }
}
