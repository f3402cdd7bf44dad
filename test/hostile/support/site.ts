import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCertificate } from '../../support/certificate.ts';
import { clip } from '../../support/clips.ts';
import { type LaunchedServer, Playground } from '../../support/launched-server.ts';
import { type Taken, takenBy } from './procfs.ts';
import { Watcher } from './watcher.ts';

const MB = 1024 * 1024;

/** Set to a path list to run the server under sanitizers; memory and time are then not judged as closely. */
const preload = process.env.MILLRACE_HOSTILE_PRELOAD;
const slack = preload === undefined ? 1 : 4;

/** The figures that hold for every attack. */
export const goals = {
  gapMs: 1500 * slack,
  rssAfter: 48 * MB * slack,
  rssMeanwhile: 256 * MB * slack,
  settleMs: 10_000,
  logBytes: 4 * MB,
} as const;

/** Deadlines of the servers under test, shorter than the defaults so that a test can wait for them. */
export const deadlines = {
  handshakeMs: 2000,
  requestHeadMs: 2000,
  idleMs: 3000,
  slowReaderMs: 4000,
  publishMs: 2000,
  webrtcConnectMs: 3000,
} as const;

export interface MediaPorts {
  readonly rtmp: number;
  readonly rtmps: number;
  readonly http: number;
  readonly https: number;
  /** Behind a trusted proxy: a PROXY header is expected. */
  readonly caster: number;
  readonly api: number;
  readonly srt: number;
  readonly rtc: number;
  readonly rtcTcp: number;
  readonly mpegts: number;
}

export interface SiteOptions {
  /** Directives of the `millrace` block. */
  readonly millrace?: string;
}

/** Colours that warnings and errors have on a console. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
/** A line that the server may write: time, level, and what follows in one line of printable text. */
const LINE =
  /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\]\[[A-Z]+\]\[\d+\]\[[0-9a-z]*\][^\p{C}\p{Zl}\p{Zp}]*$/u;

/**
 * One real server with good peers that watch it: a publisher and players. Every attack on it is
 * measured by what they saw, and by what the process took and gave back.
 */
export class Site {
  readonly #options: SiteOptions;
  #place: Playground | undefined;
  #server: LaunchedServer | undefined;
  #watcher: Watcher | undefined;
  #ports: MediaPorts | undefined;
  #checkedLog = 0;

  constructor(options: SiteOptions = {}) {
    this.#options = options;
  }

  /** Starts with the tests of the file, and ends with them. */
  inThisFile(): this {
    beforeAll(() => this.start(), 60_000);
    afterAll(() => this.stop(), 30_000);
    return this;
  }

  async start(): Promise<void> {
    this.#place = new Playground();
    makeCertificate(this.#place.folder);
    this.#place.write('html/hostile.txt', 'a small file\n');
    const config = this.#place.write('hostile.conf', configText(this.#options));
    this.#server = this.#place.launchWith(sanitizerEnvironment(), '-c', config);
    await this.#server.line(/\bapi listen at tcp:/);
    const found = new Map(
      [...this.#server.stdout.matchAll(/\b(\w+) listen at (?:tcp|udp):\/\/\S+:(\d+)/g)].map(
        ([, purpose, port]) => [purpose, Number(port)] as const,
      ),
    );
    const port = (purpose: string) => found.get(purpose) ?? 0;
    this.#ports = {
      ...{ rtmp: port('rtmp'), rtmps: port('rtmps'), api: port('api') },
      ...{ http: port('http'), https: port('https'), srt: port('srt'), caster: port('caster') },
      ...{ rtc: port('rtc'), rtcTcp: port('rtc_tcp') },
      mpegts: port('mpegts'),
    };
    await this.#openFolders();
    this.#watcher = await Watcher.start(this.#ports, clip('h264-aac.flv'));
  }

  /** Each loop opens the folder of files with its first request, and keeps it: that is no leak. */
  async #openFolders(): Promise<void> {
    const ask = () =>
      fetch(`http://127.0.0.1:${this.ports.http}/hostile.txt`, {
        headers: { connection: 'close' },
      });
    await Promise.all(Array.from({ length: 40 }, ask));
  }

  async stop(): Promise<void> {
    try {
      await this.#watcher?.stop();
      if (this.#server) {
        this.server.signal('SIGTERM');
        const status = await Promise.race([this.server.exit(), delay(15_000, 'still running')]);
        expect(status, this.#tail()).toBe(0);
      }
    } finally {
      await this.#place?.clear();
    }
  }

  get server(): LaunchedServer {
    return given(this.#server);
  }

  get ports(): MediaPorts {
    return given(this.#ports);
  }

  /** Writes the configuration anew, for a reload. @param more  directives of the root. */
  configure(more = ''): void {
    given(this.#place).write('hostile.conf', configText(this.#options) + more);
  }

  get folder(): string {
    return given(this.#place).folder;
  }

  get pid(): number {
    return Number(this.server.child.pid);
  }

  get log(): string {
    return this.server.stdout;
  }

  /** A test in which `attack` is made, and after which everything is as before. */
  attack(name: string, attack: () => Promise<unknown>, timeoutMs = 60_000): void {
    it(name, () => this.survives(attack), timeoutMs);
  }

  /** Makes the attack, and checks that nobody but the attacker was harmed. */
  async survives(attack: () => Promise<unknown>): Promise<void> {
    await given(this.#watcher).report();
    const before = takenBy(this.pid);
    const meter = new PeakMeter(this.pid);
    const logBefore = this.log.length;
    try {
      await attack();
      await this.#settled(before);
    } finally {
      meter.stop();
    }
    expect(this.server.child.exitCode ?? this.server.child.signalCode, this.#tail()).toBeNull();
    expect(meter.rssBytes - before.rssBytes).toBeLessThan(goals.rssMeanwhile);
    expect(this.log.length - logBefore).toBeLessThan(goals.logBytes);
    this.#checkLog();
    await this.expectGoodPeersUnharmed();
    const { ok } = await fetch(`http://127.0.0.1:${this.ports.api}/api/v1/versions`, {
      headers: { connection: 'close' },
    });
    expect(ok).toBe(true);
  }

  async expectGoodPeersUnharmed(): Promise<void> {
    const { views, publisherFault } = await given(this.#watcher).report();
    expect(publisherFault, this.#tail()).toBeUndefined();
    for (const { name, fault, periodMs, gapMs, stepMs, back } of views) {
      expect(fault, `${name}\n${this.#tail()}`).toBeUndefined();
      expect(gapMs, `${name}: time without a frame`).toBeLessThan(periodMs + goals.gapMs);
      expect(stepMs, `${name}: media that is missing`).toBeLessThan(goals.gapMs);
      expect(back, `${name}: timestamps that go back`).toBe(0);
    }
  }

  /** Resolves when memory and descriptors are back. */
  async #settled(before: Taken): Promise<void> {
    const deadline = performance.now() + goals.settleMs;
    for (;;) {
      const now = takenBy(this.pid);
      const isBack =
        now.descriptors <= before.descriptors && now.rssBytes - before.rssBytes < goals.rssAfter;
      if (isBack) {
        return;
      }
      if (performance.now() > deadline) {
        expect(now.descriptors, 'descriptors').toBeLessThanOrEqual(before.descriptors);
        expect(now.rssBytes - before.rssBytes, 'memory').toBeLessThan(goals.rssAfter);
        return;
      }
      await delay(50);
    }
  }

  /** Every line since the last look is one that the server wrote on purpose. */
  #checkLog(): void {
    const end = this.log.lastIndexOf('\n') + 1;
    const text = this.log.slice(this.#checkedLog, end).replaceAll(COLOURS, '');
    const lines = text.split('\n').slice(0, -1);
    const isStart = this.#checkedLog === 0;
    this.#checkedLog = end;
    if (!isStart) {
      expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
    }
    expect(lines.filter((line) => /\[FATAL\]|a fault of the server/.test(line))).toEqual([]);
  }

  #tail(): string {
    return `${this.log.slice(-2000)}\n${this.server.stderr.slice(-6000)}`;
  }
}

/** Highest memory of a process while it runs. */
class PeakMeter {
  rssBytes = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      try {
        this.rssBytes = Math.max(this.rssBytes, takenBy(pid).rssBytes);
      } catch {
        // The process has ended, which the test finds out by itself.
        this.stop();
      }
    }, 50);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function given<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error('the server has not been started');
  }
  return value;
}

/** What a server needs in its environment when its addon was built with sanitizers. */
export function sanitizerEnvironment(): Readonly<Record<string, string>> {
  return preload === undefined
    ? {}
    : {
        LD_PRELOAD: preload,
        ASAN_OPTIONS: 'detect_leaks=0:quarantine_size_mb=16:abort_on_error=1',
        UBSAN_OPTIONS: 'print_stacktrace=1:abort_on_error=1',
      };
}

function configText({ millrace = '' }: SiteOptions): string {
  const files = 'key ./server.key; cert ./server.crt;';
  return `
daemon off;
srs_log_tank console;
max_connections 8000;
listen 127.0.0.1:0;
rtmps { enabled on; listen 127.0.0.1:0; ${files} }
http_api { enabled on; listen 127.0.0.1:0; }
http_server {
  enabled on; listen 127.0.0.1:0; dir ./html;
  https { enabled on; listen 127.0.0.1:0; ${files} }
}
srt_server { enabled on; listen 127.0.0.1:0; peer_idle_timeout 3000; }
rtc_server {
  enabled on; listen 127.0.0.1:0; candidate 127.0.0.1;
  protocol all; tcp { enabled on; listen 127.0.0.1:0; }
}
millrace {
  loops 2;
  handshake_timeout_ms ${deadlines.handshakeMs};
  request_head_timeout_ms ${deadlines.requestHeadMs};
  idle_timeout_ms ${deadlines.idleMs};
  slow_reader_timeout_ms ${deadlines.slowReaderMs};
  webrtc_connect_timeout_ms ${deadlines.webrtcConnectMs};
  max_webrtc_pending_per_address 200;
  trusted_proxies 127.0.0.1;
  proxy_protocol caster;
  ${millrace}
}
stream_caster {
  enabled on; caster flv; listen 127.0.0.1:0; output rtmp://casters/[app]/[stream];
}
stream_caster {
  enabled on; caster mpegts_over_udp; listen 127.0.0.1:0; output rtmp://casters/live/udp;
}
vhost casters {
  publish { firstpkt_timeout ${deadlines.publishMs}; normal_timeout ${deadlines.publishMs}; }
}
vhost __defaultVhost__ {
  srt { enabled on; }
  http_remux { enabled on; }
  hls { enabled on; hls_path ./hls; hls_fragment 1; hls_window 6; hls_dispose 3; }
  rtc { enabled on; rtmp_to_rtc on; rtc_to_rtmp on; }
}
`;
}
