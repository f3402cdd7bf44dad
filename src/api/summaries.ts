import { JsonNumber } from '../http/json.ts';
import { SRS_VERSION } from '../identity/version.ts';
import { coreCount } from '../machine/machine-sampler.ts';
import { type ApiContext, type ApiResource, answerHead } from './api-context.ts';
import { memoryUsage } from './machine.ts';
import { READ } from './methods.ts';
import { answer, boolean, decimal, integer, object, text } from './schemas.ts';

const self = object({
  version: text,
  pid: integer,
  ppid: integer,
  argv: text,
  cwd: text,
  mem_kbyte: { ...integer, description: 'most that was ever resident' },
  mem_percent: { ...decimal, description: '0 to 1' },
  cpu_percent: { ...decimal, description: '1 is one core' },
  srs_uptime: { ...integer, description: 'seconds' },
});

const system = object({
  cpu_percent: { ...decimal, description: '0 to 1' },
  disk_read_KBps: integer,
  disk_write_KBps: integer,
  disk_busy_percent: { ...decimal, description: '0 to 1, of the devices of stats.disk' },
  mem_ram_kbyte: integer,
  mem_ram_percent: decimal,
  mem_swap_kbyte: integer,
  mem_swap_percent: decimal,
  cpus: integer,
  cpus_online: integer,
  uptime: decimal,
  ilde_time: { ...decimal, description: 'idle time of all cores, seconds; spelled so in SRS' },
  load_1m: decimal,
  load_5m: decimal,
  load_15m: decimal,
  net_sample_time: integer,
  net_recv_bytes: { ...integer, description: 'interfaces with a public address' },
  net_send_bytes: integer,
  net_recvi_bytes: { ...integer, description: 'the other interfaces' },
  net_sendi_bytes: integer,
  srs_sample_time: integer,
  srs_recv_bytes: integer,
  srs_send_bytes: integer,
  conn_sys: { ...integer, description: 'TCP sockets of the machine' },
  conn_sys_et: { ...integer, description: 'established ones' },
  conn_sys_tw: { ...integer, description: 'those in TIME_WAIT' },
  conn_sys_udp: integer,
  conn_srs: { ...integer, description: 'publishers and players' },
});

/** `GET /api/v1/summaries`: this process and the machine at one look. */
export const summaries: ApiResource = (app, context) => {
  app.route({
    method: READ,
    url: '/api/v1/summaries',
    schema: {
      summary: 'The process and the machine at one look',
      response: { 200: answer({ data: object({ ok: boolean, now_ms: integer, self, system }) }) },
    },
    handler: () => ({ ...answerHead(context), data: summaryOf(context) }),
  });
};

/** Also what a heartbeat reports. */
export function summaryOf({ machine, statistics, startedAtMs }: ApiContext) {
  const sample = machine.latest;
  const memory = memoryUsage(sample.memory);
  const { maxRSS } = process.resourceUsage();
  const cores = coreCount();
  const [oneMinute, fiveMinutes, fifteenMinutes] = sample.load;
  return {
    ok: sample.ok,
    now_ms: Date.now(),
    self: {
      version: SRS_VERSION,
      pid: process.pid,
      ppid: process.ppid,
      argv: process.argv.join(' '),
      cwd: process.cwd(),
      mem_kbyte: maxRSS,
      mem_percent: JsonNumber.decimal(memory.total > 0 ? maxRSS / memory.total : 0),
      cpu_percent: JsonNumber.decimal(sample.processCpu),
      srs_uptime: Math.floor((Date.now() - startedAtMs) / 1000),
    },
    system: {
      cpu_percent: JsonNumber.decimal(sample.systemCpu),
      disk_read_KBps: sample.diskReadKbps,
      disk_write_KBps: sample.diskWriteKbps,
      disk_busy_percent: JsonNumber.decimal(sample.diskBusy),
      mem_ram_kbyte: memory.total,
      mem_ram_percent: JsonNumber.decimal(memory.ram),
      mem_swap_kbyte: memory.swapTotal,
      mem_swap_percent: JsonNumber.decimal(memory.swap),
      cpus: cores,
      cpus_online: cores,
      uptime: JsonNumber.decimal(sample.uptimeS),
      ilde_time: JsonNumber.decimal(sample.idleS),
      load_1m: JsonNumber.decimal(oneMinute),
      load_5m: JsonNumber.decimal(fiveMinutes),
      load_15m: JsonNumber.decimal(fifteenMinutes),
      net_sample_time: sample.atMs,
      net_recv_bytes: sample.internet.received,
      net_send_bytes: sample.internet.sent,
      net_recvi_bytes: sample.intranet.received,
      net_sendi_bytes: sample.intranet.sent,
      srs_sample_time: sample.atMs,
      srs_recv_bytes: statistics.traffic.received,
      srs_send_bytes: statistics.traffic.sent,
      conn_sys: sample.sockets.tcp,
      conn_sys_et: sample.sockets.established,
      conn_sys_tw: sample.sockets.timeWait,
      conn_sys_udp: sample.sockets.udp,
      conn_srs: statistics.clients.size,
    },
  };
}
