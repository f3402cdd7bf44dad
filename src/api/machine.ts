import { JsonNumber } from '../http/json.ts';
import { CPU_FIELDS, PROCESS_STAT_FIELDS } from '../machine/proc.ts';
import { type ApiResource, answerHead } from './api-context.ts';
import { READ } from './methods.ts';
import { answer, boolean, decimal, fields, integer, object, text } from './schemas.ts';

const sampled = { ok: boolean, sample_time: { ...integer, description: 'wall clock, ms' } };

/** `GET /api/v1/rusages`: what getrusage(2) says about this process. */
export const rusages: ApiResource = (app, context) => {
  const names = [
    'ru_utime',
    'ru_stime',
    'ru_maxrss',
    'ru_ixrss',
    'ru_idrss',
    'ru_isrss',
    'ru_minflt',
    'ru_majflt',
    'ru_nswap',
    'ru_inblock',
    'ru_oublock',
    'ru_msgsnd',
    'ru_msgrcv',
    'ru_nsignals',
    'ru_nvcsw',
    'ru_nivcsw',
  ];
  app.route({
    method: READ,
    url: '/api/v1/rusages',
    schema: {
      summary: 'Resources that the process has used',
      response: { 200: answer({ data: object({ ...sampled, ...fields(names, integer) }) }) },
    },
    handler: () => {
      const usage = process.resourceUsage();
      return {
        ...answerHead(context),
        data: {
          ok: true,
          sample_time: Date.now(),
          ru_utime: Math.floor(usage.userCPUTime / 1e6),
          ru_stime: Math.floor(usage.systemCPUTime / 1e6),
          ru_maxrss: usage.maxRSS,
          ru_ixrss: usage.sharedMemorySize,
          ru_idrss: usage.unsharedDataSize,
          ru_isrss: usage.unsharedStackSize,
          ru_minflt: usage.minorPageFault,
          ru_majflt: usage.majorPageFault,
          ru_nswap: usage.swappedOut,
          ru_inblock: usage.fsRead,
          ru_oublock: usage.fsWrite,
          ru_msgsnd: usage.ipcSent,
          ru_msgrcv: usage.ipcReceived,
          ru_nsignals: usage.signalsCount,
          ru_nvcsw: usage.voluntaryContextSwitches,
          ru_nivcsw: usage.involuntaryContextSwitches,
        },
      };
    },
  });
};

/** `GET /api/v1/self_proc_stats`: /proc/self/stat. */
export const selfProcStats: ApiResource = (app, context) => {
  const schemas = Object.fromEntries(
    PROCESS_STAT_FIELDS.map((name) => [name, name === 'comm' || name === 'state' ? text : integer]),
  );
  app.route({
    method: READ,
    url: '/api/v1/self_proc_stats',
    schema: {
      summary: 'What /proc/self/stat says',
      response: { 200: answer({ data: object({ ...sampled, percent: decimal, ...schemas }) }) },
    },
    handler: () => {
      const { ok, atMs, processCpu, process: stat } = context.machine.latest;
      const fieldsOfStat = Object.entries(stat).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? JsonNumber.whole(value) : value,
      ]);
      return {
        ...answerHead(context),
        data: {
          ok,
          sample_time: atMs,
          percent: JsonNumber.decimal(processCpu),
          ...Object.fromEntries(fieldsOfStat),
        },
      };
    },
  });
};

/** `GET /api/v1/system_proc_stats`: the first line of /proc/stat. */
export const systemProcStats: ApiResource = (app, context) => {
  app.route({
    method: READ,
    url: '/api/v1/system_proc_stats',
    schema: {
      summary: 'Time that the CPUs spent, jiffies',
      response: {
        200: answer({
          data: object({ ...sampled, percent: decimal, ...fields(CPU_FIELDS, integer) }),
        }),
      },
    },
    handler: () => {
      const { ok, atMs, systemCpu, cpu } = context.machine.latest;
      return {
        ...answerHead(context),
        data: { ok, sample_time: atMs, percent: JsonNumber.decimal(systemCpu), ...cpu },
      };
    },
  });
};

/** `GET /api/v1/meminfos`: memory of the machine, kB. */
export const meminfos: ApiResource = (app, context) => {
  const names = [
    'MemActive',
    'RealInUse',
    'NotInUse',
    'MemTotal',
    'MemFree',
    'Buffers',
    'Cached',
    'SwapTotal',
    'SwapFree',
  ];
  app.route({
    method: READ,
    url: '/api/v1/meminfos',
    schema: {
      summary: 'Memory of the machine, kB',
      response: {
        200: answer({
          data: object({
            ...sampled,
            percent_ram: decimal,
            percent_swap: decimal,
            ...fields(names, integer),
          }),
        }),
      },
    },
    handler: () => {
      const { ok, atMs, memory } = context.machine.latest;
      const usage = memoryUsage(memory);
      return {
        ...answerHead(context),
        data: {
          ok,
          sample_time: atMs,
          percent_ram: JsonNumber.decimal(usage.ram),
          percent_swap: JsonNumber.decimal(usage.swap),
          MemActive: usage.active,
          RealInUse: usage.inUse,
          NotInUse: usage.total - usage.inUse,
          MemTotal: usage.total,
          MemFree: usage.free,
          Buffers: usage.buffers,
          Cached: usage.cached,
          SwapTotal: usage.swapTotal,
          SwapFree: usage.swapFree,
        },
      };
    },
  });
};

/** Memory as SRS divides it, kB; `ram` and `swap` are the parts in use, 0 to 1. */
export function memoryUsage(memory: ReadonlyMap<string, number>) {
  const kb = (name: string) => memory.get(name) ?? 0;
  const [total, free] = [kb('MemTotal'), kb('MemFree')];
  const [buffers, cached] = [kb('Buffers'), kb('Cached')];
  const [swapTotal, swapFree] = [kb('SwapTotal'), kb('SwapFree')];
  const active = total - free;
  const inUse = active - buffers - cached;
  return {
    total,
    free,
    buffers,
    cached,
    swapTotal,
    swapFree,
    active,
    inUse,
    ram: total > 0 ? inUse / total : 0,
    swap: swapTotal > 0 ? (swapTotal - swapFree) / swapTotal : 0,
  };
}
