import { describe, expect, it } from 'vitest';
import { MachineSampler } from './machine-sampler.ts';
import {
  parseCpu,
  parseDiskBusyMs,
  parseMeminfo,
  parseNetDev,
  parseProcessStat,
  parseSockets,
  parseVmstat,
  totalJiffies,
} from './proc.ts';

describe('texts of /proc', () => {
  it('stat of a process whose name has blanks and parentheses', () => {
    const stat = parseProcessStat(
      '42 (a (b) c) S 1 42 42 0 -1 4194560 500 0 1 0 30 20 0 0 20 0 11 0 1234 56789 321 18446744073709551615 1 1',
    );
    expect(stat).toMatchObject({
      pid: 42n,
      comm: '(a (b) c)',
      state: 'S',
      ppid: 1n,
      tpgid: -1n,
      utime: 30n,
      num_threads: 11n,
      rss: 321n,
      rsslim: 18_446_744_073_709_551_615n,
      cguest_time: 0n,
    });
    expect(Object.keys(stat)).toHaveLength(44);
  });

  it('cpu', () => {
    const cpu = parseCpu('cpu  10 2 3 80 5 0 0 0 4 0\ncpu0 5 1 1 40 2 0 0 0 2 0\n');
    expect(cpu).toMatchObject({ user: 10, sys: 3, idle: 80, guest: 4 });
    expect(totalJiffies(cpu)).toBe(100);
  });

  it('memory, disks and interfaces', () => {
    expect(parseMeminfo('MemTotal:  100 kB\nActive(anon):  7 kB\nHugePages_Total: 3\n')).toEqual(
      new Map([
        ['MemTotal', 100],
        ['Active(anon)', 7],
        ['HugePages_Total', 3],
      ]),
    );
    expect(parseVmstat('nr_x 1\npgpgin 12\npgpgout 34\n')).toEqual({ readKb: 12, writtenKb: 34 });
    const disks =
      '   8       0 sda 1 2 3 4 5 6 7 8 0 90 11\n   8       1 sda1 1 2 3 4 5 6 7 8 0 70 11\n';
    expect(parseDiskBusyMs(disks, ['sda'])).toBe(90);
    expect(
      parseNetDev('Inter-| x\n face |y\n  lo: 1 2 0 0 0 0 0 0 3 4\neth0:100 1 0 0 0 0 0 0 200 1\n'),
    ).toEqual([
      { name: 'lo', received: 1, sent: 3 },
      { name: 'eth0', received: 100, sent: 200 },
    ]);
  });

  it('sockets', () => {
    const sockstat =
      'sockets: used 9\nTCP: inuse 5 orphan 0 tw 3 alloc 9 mem 1\nUDP: inuse 2 mem 0\nTCP6: inuse 4\nUDP6: inuse 1\n';
    const snmp = 'Ip: a b\nIp: 1 2\nTcp: RtoMin MaxConn CurrEstab\nTcp: 200 -1 6\n';
    expect(parseSockets(sockstat, snmp)).toEqual({ tcp: 12, established: 6, timeWait: 3, udp: 3 });
  });

  it('nothing', () => {
    expect(parseProcessStat('')).toMatchObject({ pid: 0n, comm: '', rss: 0n });
    expect(parseCpu('').idle).toBe(0);
    expect(parseSockets('', '')).toEqual({ tcp: 0, established: 0, timeWait: 0, udp: 0 });
    expect(parseNetDev('')).toEqual([]);
  });
});

describe('the machine', () => {
  it('is looked at twice', () => {
    const sampler = new MachineSampler(() => ({ enabled: true, disk: ['sda'] }));
    expect(sampler.latest.ok).toBe(false);
    sampler.sample();
    sampler.sample();
    const { latest } = sampler;
    expect(latest.ok).toBe(true);
    expect(latest.process.pid).toBe(BigInt(process.pid));
    expect(latest.memory.get('MemTotal')).toBeGreaterThan(0);
    expect(latest.processCpu).toBeGreaterThanOrEqual(0);
    expect(latest.systemCpu).toBeLessThanOrEqual(1);
  });

  it('is left alone, and looked at again, as a reload says', () => {
    let enabled = true;
    const sampler = new MachineSampler(() => ({ enabled, disk: [] }));
    sampler.sample();
    enabled = false;
    sampler.sample();
    expect(sampler.latest.ok).toBe(false);
    enabled = true;
    sampler.sample();
    expect(sampler.latest.ok).toBe(true);
  });
});
