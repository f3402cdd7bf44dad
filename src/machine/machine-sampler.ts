import { readFileSync } from 'node:fs';
import { cpus, loadavg, networkInterfaces } from 'node:os';
import {
  type CpuJiffies,
  type InterfaceBytes,
  type ProcessStat,
  parseCpu,
  parseDiskBusyMs,
  parseMeminfo,
  parseNetDev,
  parseProcessStat,
  parseSockets,
  parseVmstat,
  type SocketCounts,
  totalJiffies,
} from './proc.ts';

/** Between two looks at the machine: as SRS for the most frequent of its own. */
const EVERY_MS = 3000;

/** What the machine and this process were doing at one moment. */
export interface MachineSample {
  /** False before the first look, or when the machine is not watched. */
  readonly ok: boolean;
  /** Wall clock, ms. */
  readonly atMs: number;
  readonly process: ProcessStat;
  /** Of one core, 1 is all of it; may be more with several threads. */
  readonly processCpu: number;
  readonly cpu: CpuJiffies;
  /** Of all cores, 0 to 1. */
  readonly systemCpu: number;
  /** kB by name, from /proc/meminfo. */
  readonly memory: ReadonlyMap<string, number>;
  readonly diskReadKbps: number;
  readonly diskWriteKbps: number;
  /** 0 to 1, of the devices of `stats.disk`. */
  readonly diskBusy: number;
  /** Interfaces with a public address. */
  readonly internet: Omit<InterfaceBytes, 'name'>;
  /** The others, without the loopback. */
  readonly intranet: Omit<InterfaceBytes, 'name'>;
  readonly sockets: SocketCounts;
  readonly uptimeS: number;
  readonly idleS: number;
  readonly load: readonly [number, number, number];
}

/** Counters of which only the growth says something. */
interface Counters {
  readonly monotonicMs: number;
  readonly processMicros: number;
  readonly cpu: CpuJiffies;
  readonly readKb: number;
  readonly writtenKb: number;
  readonly busyMs: number;
}

/** The block `stats` of the configuration. */
export interface MachineSamplerSettings {
  readonly enabled: boolean;
  /** Block devices to watch. */
  readonly disk: readonly string[];
}

/** Looks at the machine every few seconds, so that asking for it costs nothing. */
export class MachineSampler {
  readonly #settings: () => MachineSamplerSettings;
  #timer: NodeJS.Timeout | undefined;
  #before: Counters | undefined;
  #latest: MachineSample = EMPTY;

  /** @param settings  asked at each look, so that a reload takes effect with the next one. */
  constructor(settings: () => MachineSamplerSettings) {
    this.#settings = settings;
  }

  /** The last look; all zero when there was none. */
  get latest(): MachineSample {
    return this.#latest;
  }

  start(): void {
    this.sample();
    this.#timer ??= setInterval(() => this.sample(), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  sample(): void {
    const { enabled, disk: disks } = this.#settings();
    if (!enabled) {
      this.#latest = EMPTY;
      this.#before = undefined;
      return;
    }
    const stat = read('/proc/stat');
    const vmstat = parseVmstat(read('/proc/vmstat'));
    const { user, system } = process.cpuUsage();
    const now: Counters = {
      monotonicMs: performance.now(),
      processMicros: user + system,
      cpu: parseCpu(stat),
      ...vmstat,
      busyMs: disks.length > 0 ? parseDiskBusyMs(read('/proc/diskstats'), disks) : 0,
    };
    const [uptimeS = 0, idleS = 0] = read('/proc/uptime').split(' ').map(Number);
    const [one = 0, five = 0, fifteen = 0] = loadavg();
    this.#latest = {
      ok: true,
      atMs: Date.now(),
      process: parseProcessStat(read('/proc/self/stat')),
      cpu: now.cpu,
      memory: parseMeminfo(read('/proc/meminfo')),
      ...growth(this.#before, now, disks.length),
      ...networkBytes(parseNetDev(read('/proc/net/dev'))),
      sockets: parseSockets(
        `${read('/proc/net/sockstat')}\n${read('/proc/net/sockstat6')}`,
        read('/proc/net/snmp'),
      ),
      uptimeS,
      idleS,
      load: [one, five, fifteen],
    };
    this.#before = now;
  }
}

/** Before there are two looks, what the process has used since it began. */
function growth(before: Counters | undefined, now: Counters, disks: number) {
  const since = before ?? { ...now, monotonicMs: 0, processMicros: 0 };
  const ms = Math.max(now.monotonicMs - since.monotonicMs, 1);
  const all = totalJiffies(now.cpu) - totalJiffies(since.cpu);
  const idle = now.cpu.idle + now.cpu.iowait - since.cpu.idle - since.cpu.iowait;
  return {
    processCpu: (now.processMicros - since.processMicros) / 1000 / ms,
    systemCpu: all > 0 ? Math.max(1 - idle / all, 0) : 0,
    diskReadKbps: Math.round(((now.readKb - since.readKb) * 1000) / ms),
    diskWriteKbps: Math.round(((now.writtenKb - since.writtenKb) * 1000) / ms),
    diskBusy: disks > 0 ? Math.min((now.busyMs - since.busyMs) / ms / disks, 1) : 0,
  };
}

/** Addresses by interface; none when the system cannot tell, as without a free file descriptor. */
function addressesOfInterfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    return {};
  }
}

function networkBytes(interfaces: readonly InterfaceBytes[]) {
  const addresses = addressesOfInterfaces();
  const internet = { received: 0, sent: 0 };
  const intranet = { received: 0, sent: 0 };
  for (const { name, received, sent } of interfaces) {
    if (name !== 'lo') {
      const isPublic = (addresses[name] ?? []).some(
        ({ family, address }) => family === 'IPv4' && !isPrivate(address),
      );
      const sums = isPublic ? internet : intranet;
      sums.received += received;
      sums.sent += sent;
    }
  }
  return { internet, intranet };
}

/** RFC 1918, and the loopback. */
function isPrivate(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  return a === 10 || a === 127 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
}

/** A file of /proc that is missing here (another system, a container) reads as empty. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Cores of the machine. */
export function coreCount(): number {
  cores ??= cpus().length;
  return cores;
}

/** Node.js reads several files of the system for it, at each call. */
let cores: number | undefined;

const EMPTY: MachineSample = {
  ok: false,
  atMs: 0,
  process: parseProcessStat(''),
  processCpu: 0,
  cpu: parseCpu(''),
  systemCpu: 0,
  memory: new Map(),
  diskReadKbps: 0,
  diskWriteKbps: 0,
  diskBusy: 0,
  internet: { received: 0, sent: 0 },
  intranet: { received: 0, sent: 0 },
  sockets: { tcp: 0, established: 0, timeWait: 0, udp: 0 },
  uptimeS: 0,
  idleS: 0,
  load: [0, 0, 0],
};
