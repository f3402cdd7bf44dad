/** Readers of the texts below /proc; see proc(5). What is missing or broken reads as 0. */

/** `MemTotal` and the like, kB by name. */
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  return new Map(
    [...text.matchAll(/^([A-Za-z_()0-9]+):\s+(\d+)/gm)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  );
}

/** Fields of /proc/[pid]/stat in their order, as the API names them. */
export const PROCESS_STAT_FIELDS = [
  'pid',
  'comm',
  'state',
  'ppid',
  'pgrp',
  'session',
  'tty_nr',
  'tpgid',
  'flags',
  'minflt',
  'cminflt',
  'majflt',
  'cmajflt',
  'utime',
  'stime',
  'cutime',
  'cstime',
  'priority',
  'nice',
  'num_threads',
  'itrealvalue',
  'starttime',
  'vsize',
  'rss',
  'rsslim',
  'startcode',
  'endcode',
  'startstack',
  'kstkesp',
  'kstkeip',
  'signal',
  'blocked',
  'sigignore',
  'sigcatch',
  'wchan',
  'nswap',
  'cnswap',
  'exit_signal',
  'processor',
  'rt_priority',
  'policy',
  'delayacct_blkio_ticks',
  'guest_time',
  'cguest_time',
] as const;

/** Values of those fields: two texts, the rest whole numbers, of which some have 64 bits. */
export type ProcessStat = Readonly<Record<string, string | bigint>>;

export function parseProcessStat(text: string): ProcessStat {
  // The name is in parentheses and may hold any character, these too.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const values = [
    text.slice(0, Math.max(open, 0)).trim(),
    open >= 0 ? text.slice(open, close + 1) : '',
    ...text
      .slice(close + 1)
      .trim()
      .split(/\s+/),
  ];
  return Object.fromEntries(
    PROCESS_STAT_FIELDS.map((name, at) => {
      const value = values[at] ?? '';
      return [name, name === 'comm' || name === 'state' ? value : wholeNumber(value)];
    }),
  );
}

function wholeNumber(text: string): bigint {
  return /^-?\d+$/.test(text) ? BigInt(text) : 0n;
}

/** Jiffies of all CPUs together, from /proc/stat. */
export const CPU_FIELDS = [
  'user',
  'nice',
  'sys',
  'idle',
  'iowait',
  'irq',
  'softirq',
  'steal',
  'guest',
] as const;
export type CpuJiffies = Readonly<Record<(typeof CPU_FIELDS)[number], number>>;

export function parseCpu(text: string): CpuJiffies {
  const values = (/^cpu\s+(.*)$/m.exec(text)?.[1] ?? '').trim().split(/\s+/).map(Number);
  return Object.fromEntries(
    CPU_FIELDS.map((name, at) => [name, values[at] || 0]),
  ) as unknown as CpuJiffies;
}

/** Time of all CPUs since the start of the machine. */
export function totalJiffies(cpu: CpuJiffies): number {
  // Guest time is part of user time already.
  return CPU_FIELDS.reduce((sum, name) => sum + (name === 'guest' ? 0 : cpu[name]), 0);
}

/** kB read from and written to disks, from /proc/vmstat. */
export function parseVmstat(text: string): { readonly readKb: number; readonly writtenKb: number } {
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { readKb: value('pgpgin'), writtenKb: value('pgpgout') };
}

/** Time that these devices were busy, ms, from /proc/diskstats. */
export function parseDiskBusyMs(text: string, devices: readonly string[]): number {
  let busy = 0;
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (devices.includes(words[2] ?? '')) {
      busy += Number(words[12] ?? 0);
    }
  }
  return busy;
}

/** Bytes of one network interface. */
export interface InterfaceBytes {
  readonly name: string;
  readonly received: number;
  readonly sent: number;
}

export function parseNetDev(text: string): readonly InterfaceBytes[] {
  return [...text.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)].map(([, name = '', rest = '']) => {
    const values = rest.trim().split(/\s+/).map(Number);
    return { name, received: values[0] || 0, sent: values[8] || 0 };
  });
}

/** Sockets of the machine. */
export interface SocketCounts {
  readonly tcp: number;
  readonly established: number;
  readonly timeWait: number;
  readonly udp: number;
}

/**
 * From counters only: /proc/net/tcp would be a line for each connection.
 * @param sockstat  /proc/net/sockstat and sockstat6, one after the other.
 */
export function parseSockets(sockstat: string, snmp: string): SocketCounts {
  const sum = (pattern: RegExp) =>
    [...sockstat.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  const timeWait = sum(/^TCP: .*\btw (\d+)/gm);
  return {
    tcp: sum(/^TCP6?: inuse (\d+)/gm) + timeWait,
    established: currentlyEstablished(snmp),
    timeWait,
    udp: sum(/^UDP6?: inuse (\d+)/gm),
  };
}

function currentlyEstablished(snmp: string): number {
  const [names = [], values = []] = [...snmp.matchAll(/^Tcp: (.*)$/gm)].map(([, line = '']) =>
    line.split(' '),
  );
  return Number(values[names.indexOf('CurrEstab')] ?? 0);
}
