import { hostname, machine, release, type, version } from 'node:os';
import type { Registry } from 'prom-client';
import { SIGNATURE, SRS_VERSION } from '../identity/version.ts';
import type { MetricsContext } from './context.ts';
import { addCounter, addGauge } from './counters.ts';

/** The ten series of SRS, under their names and in their order. */
export function addSrsMetrics(registry: Registry, context: MetricsContext): void {
  const { statistics, machine: sampler } = context;
  addGauge(registry, {
    name: 'srs_node_uname_info',
    help: 'Labeled system information as provided by the uname system call.',
    labels: ['sysname', 'nodename', 'release', 'version', 'machine'],
    read: () => [
      [
        {
          sysname: type(),
          nodename: hostname(),
          release: release(),
          version: version(),
          machine: machine(),
        },
        1,
      ],
    ],
  });
  addGauge(registry, {
    name: 'srs_build_info',
    help: 'A metric with a constant 1 value labeled by build_date, version from which SRS was built.',
    labels: ['server', 'service', 'pid', 'build_date', 'major', 'version', 'code', 'label', 'tag'],
    read: () => [[buildInfo(context), 1]],
  });
  addGauge(registry, {
    name: 'srs_cpu_percent',
    help: 'SRS cpu used percent.',
    read: () => sampler.latest.processCpu * 100,
  });
  addGauge(registry, {
    name: 'srs_memory',
    help: 'SRS memory used in kilobytes.',
    read: () => Math.round(process.memoryUsage.rss() / 1024),
  });
  addCounter(registry, {
    name: 'srs_send_bytes_total',
    help: 'SRS total sent bytes.',
    read: () => statistics.traffic.sent,
  });
  addCounter(registry, {
    name: 'srs_receive_bytes_total',
    help: 'SRS total received bytes.',
    read: () => statistics.traffic.received,
  });
  addGauge(registry, {
    name: 'srs_streams',
    help: 'The number of SRS concurrent streams.',
    read: () => statistics.streams.size,
  });
  addGauge(registry, {
    name: 'srs_clients',
    help: 'The number of SRS concurrent clients.',
    read: () => statistics.clients.size,
  });
  addCounter(registry, {
    name: 'srs_clients_total',
    help: 'The total counts of SRS clients.',
    read: () => statistics.clientsTotal,
  });
  addCounter(registry, {
    name: 'srs_clients_errs_total',
    help: 'The total errors of SRS clients.',
    read: () => statistics.clientErrors,
  });
}

function buildInfo({ identity, config, startedAtMs }: MetricsContext): Record<string, string> {
  const { label, tag } = config().exporter;
  return {
    server: identity.serverId,
    service: identity.serviceId,
    pid: String(identity.pid),
    build_date: new Date(startedAtMs).toISOString().slice(0, 19).replace('T', ' '),
    major: SRS_VERSION.split('.')[0] ?? '',
    version: SRS_VERSION,
    code: /\((.*)\)/.exec(SIGNATURE)?.[1] ?? '',
    ...(label === '' ? {} : { label }),
    ...(tag === '' ? {} : { tag }),
  };
}
