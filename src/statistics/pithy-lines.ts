import type { MillraceConfig } from '../config/millrace-config.ts';
import type { Log, Logger } from '../log/logger.ts';
import type { MachineSample } from '../machine/machine-sampler.ts';
import type { ClientEntry, ProtocolSums } from './entries.ts';
import type { Statistics } from './statistics.ts';

/** What periodic lines are made from. */
export interface PithyLinesOptions {
  readonly config: () => MillraceConfig;
  readonly statistics: Pick<Statistics, 'clients' | 'protocols' | 'streams' | 'now'>;
  /** The last look at the machine. */
  readonly machine: () => Pick<MachineSample, 'ok' | 'processCpu'>;
  /** Connections of all listeners. */
  readonly connections: () => number;
  readonly log: Log;
  /** Context of lines that belong to no session. */
  readonly ownLog: Logger;
}

/** Tags of SRS, by protocol and direction. */
const TAGS: Readonly<Record<string, string>> = {
  'rtmp play': 'PLA',
  'rtmp publish': 'CPB',
  'http_flv play': 'HTS',
  'http_ts play': 'HTS',
  'http_aac play': 'HTS',
  'http_mp3 play': 'HTS',
  'http_flv publish': 'WPB',
  'hls play': 'HLS',
  'srt play': 'SRT_PLA',
  'srt publish': 'SRT_CPB',
  'webrtc play': 'RTC',
  'webrtc publish': 'RTC',
  'rtc play': 'RTC',
  'rtc publish': 'RTC',
};

/** Below it the log would be nothing else. */
const LEAST_MS = 1000;
const MB = 1024 * 1024;

/**
 * Writes down from time to time how clients are doing: every `pithy_print_ms` one line for each kind of
 * client, about another one each time, and one about the server. Says nothing while nobody is there.
 */
export class PithyLines {
  readonly #options: PithyLinesOptions;
  /** By kind: the session that its last line was about. */
  readonly #shown = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #everyMs = 0;

  constructor(options: PithyLinesOptions) {
    this.#options = options;
  }

  start(): void {
    this.restart(this.#options.config().process.pithyPrintMs);
  }

  /** Begins anew with another interval, unless it is the same. */
  restart(everyMs: number): void {
    if (this.#timer !== undefined && everyMs === this.#everyMs) {
      return;
    }
    this.stop();
    this.#everyMs = everyMs;
    this.#timer = setInterval(() => this.write(), Math.max(everyMs, LEAST_MS)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Writes what is due. */
  write(): void {
    const { statistics, log, ownLog, connections } = this.#options;
    for (const kind of statistics.protocols) {
      const client = kind.clients > 0 ? this.#nextOf(kind) : undefined;
      if (client) {
        log.context(client.id).info(this.#clientLine(client));
      }
    }
    if (connections() > 0 || statistics.clients.size > 0) {
      ownLog.info(this.#summary());
    }
  }

  /** The client that follows the one of the last line, so that all have their turn. */
  #nextOf(kind: ProtocolSums): ClientEntry | undefined {
    const name = nameOf(kind);
    const last = this.#shown.get(name);
    let first: ClientEntry | undefined;
    let next: ClientEntry | undefined;
    let isPast = false;
    for (const client of this.#options.statistics.clients.values()) {
      if (client.sums === kind) {
        first ??= client;
        if (isPast) {
          next = client;
          break;
        }
        isPast = client.session === last;
      }
    }
    const chosen = next ?? first;
    if (chosen) {
      this.#shown.set(name, chosen.session);
    }
    return chosen;
  }

  #clientLine(client: ClientEntry): string {
    const { description, publishes, sums, traffic, queuedBytes, startedAtMs } = client;
    const ageMs = Math.max(this.#options.statistics.now() - startedAtMs, 1);
    const { kbps, kbpsNow, sent, received } = traffic;
    const whole = (bytes: number): number => Math.round((bytes * 8) / ageMs);
    const tag = TAGS[nameOf(sums)] ?? sums.protocol.toUpperCase();
    return [
      `${publishes ? '<-' : '->'} ${tag} time=${Math.round(ageMs)}`,
      `okbps=${kbpsNow.sent},${kbps.sent},${whole(sent)}`,
      `ikbps=${kbpsNow.received},${kbps.received},${whole(received)}`,
      ...this.#settings(client),
      ...(publishes ? [] : [`queue=${queuedBytes}`]),
      `url=${description.streamUrl}`,
      `clients=${sums.clients}`,
    ].join(', ');
  }

  #settings({ description, publishes }: ClientEntry): string[] {
    const vhost = this.#options.config().vhosts.get(description.key.vhost);
    if (!vhost) {
      return [];
    }
    const { publish, play } = vhost;
    return publishes
      ? [
          `mr=${publish.mr ? 1 : 0}/${publish.mrLatencyMs}`,
          `p1stpt=${publish.firstpktTimeoutMs}`,
          `pnt=${publish.normalTimeoutMs}`,
        ]
      : [`mw=${play.mwMsgs}/${play.mwLatencyMs}`];
  }

  #summary(): string {
    const { machine, statistics, connections } = this.#options;
    const { ok, processCpu } = machine();
    const cpu = ok ? `${(processCpu * 100).toFixed(2)}%` : '?';
    const kinds = [...statistics.protocols]
      .filter(({ clients }) => clients > 0)
      .map((kind) => `${kind.protocol}_${kind.publishes ? 'publish' : 'play'}=${kind.clients}`);
    const memory = Math.round(process.memoryUsage.rss() / MB);
    const counts = [`conns=${connections()}`, `streams=${statistics.streams.size}`, ...kinds];
    return `Hybrid cpu=${cpu},${memory}MB, ${counts.join(', ')}`;
  }
}

function nameOf({ protocol, publishes }: Pick<ProtocolSums, 'protocol' | 'publishes'>): string {
  return `${protocol} ${publishes ? 'publish' : 'play'}`;
}
