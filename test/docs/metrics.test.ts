import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configFromObject } from '../../src/config/from-object.ts';
import { MachineSampler } from '../../src/machine/machine-sampler.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { Statistics } from '../../src/statistics/statistics.ts';

it('docs/metrics.md names every series, and none that is not there', async () => {
  const config = configFromObject({ exporter: { enabled: true } });
  const metrics = new Metrics({
    identity: { serverId: '', serviceId: '', cid: '', pid: 0 },
    config: () => config,
    statistics: new Statistics('service1'),
    machine: new MachineSampler(() => ({ enabled: true, disk: [] })),
    startedAtMs: 0,
    connections: () => 0,
    pendingAdmissions: () => 0,
  });
  const served = [...(await metrics.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const documented = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`((?:srs|millrace)_\w+)`/g)].map(([, name]) => name),
  );
  expect(documented.toSorted()).toEqual(served.toSorted());
});
