import { describe, expect, it } from 'vitest';
import { configFromObject } from '../config/from-object.ts';
import { type ConfigInput, DEFAULT_VHOST } from '../config/millrace-config.ts';
import { MachineSampler } from '../machine/machine-sampler.ts';
import { SESSION_COLUMNS } from '../native/session-counters.ts';
import { TRANSPORT_COLUMNS } from '../native/transport-figures.ts';
import { Statistics } from '../statistics/statistics.ts';
import { streamUrl } from '../streams/stream-key.ts';
import { Metrics } from './metrics.ts';

function setUp(exporter: ConfigInput['exporter'] = { enabled: true }) {
  const config = configFromObject({ exporter });
  const statistics = new Statistics('service1', () => 0);
  const metrics = new Metrics({
    identity: { serverId: 'vid-1234567', serviceId: 'service1', cid: 'cid', pid: 42 },
    config: () => config,
    statistics,
    machine: new MachineSampler(() => ({ enabled: true, disk: [] })),
    startedAtMs: 0,
    connections: () => 3,
    pendingAdmissions: () => 0,
  });
  return { statistics, metrics };
}

function begin(statistics: Statistics, id: number, stream: string, publishes = true) {
  const key = { vhost: DEFAULT_VHOST, app: 'live', stream };
  statistics.begin({ id, cid: `c${id}` }, publishes, {
    key,
    streamUrl: streamUrl(key),
    protocol: publishes ? 'rtmp' : 'http_flv',
    type: '',
    name: stream,
    ip: '',
    tcUrl: '',
    pageUrl: '',
    swfUrl: '',
  });
}

function update(
  statistics: Statistics,
  session: number,
  counters: Record<string, number>,
  transport?: Record<string, number>,
) {
  const row = [session, 1000, ...SESSION_COLUMNS.map((name) => counters[name] ?? 0)];
  statistics.update({
    loops: [
      {
        index: 0,
        at_ms: 1000,
        turns_by_length: [10, 5, 0, 0, 0, 0, 0, 0, 1],
        busy_ns: 2e9,
        late_ns: 5e6,
        sessions: 2,
        streams: 1,
        frames_waiting: 4,
        dropped_for_loop: 7,
        pool_blocks: 1,
        pool_free_bytes: 65536,
      },
    ],
    columns: ['session', 'at_ms', ...SESSION_COLUMNS],
    sessions: new Uint8Array(Float64Array.from(row).buffer),
    transport_columns: ['session', ...TRANSPORT_COLUMNS],
    transports: new Uint8Array(
      Float64Array.from(
        transport
          ? [session, ...TRANSPORT_COLUMNS.map((name) => transport[name] ?? Number.NaN)]
          : [],
      ).buffer,
    ),
  });
}

describe('metrics', () => {
  it('are refused while the exporter is off', async () => {
    const { metrics } = setUp({ enabled: false });
    await expect(metrics.text()).rejects.toMatchObject({ code: 'EXPORTER_DISABLED' });
  });

  it('begin with the ten series of SRS, in its order', async () => {
    const { metrics } = setUp({ enabled: true, label: 'edge', tag: 'a"b' });
    const text = await metrics.text();
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    expect(names.slice(0, 10)).toEqual([
      ['srs_node_uname_info', 'gauge'],
      ['srs_build_info', 'gauge'],
      ['srs_cpu_percent', 'gauge'],
      ['srs_memory', 'gauge'],
      ['srs_send_bytes_total', 'counter'],
      ['srs_receive_bytes_total', 'counter'],
      ['srs_streams', 'gauge'],
      ['srs_clients', 'gauge'],
      ['srs_clients_total', 'counter'],
      ['srs_clients_errs_total', 'counter'],
    ]);
    expect(text).toMatch(/^srs_node_uname_info\{sysname="Linux",nodename="[^"]*",release=/m);
    expect(text).toContain(
      'srs_build_info{server="vid-1234567",service="service1",pid="42",' +
        'build_date="1970-01-01 00:00:00",major="7",version="7.0.18",code="Millrace",' +
        'label="edge",tag="a\\"b"} 1',
    );
    expect(text).toContain('\nsrs_clients_total 0\n');
  });

  it('have sums of protocols, drops and repairs', async () => {
    const { metrics, statistics } = setUp();
    begin(statistics, 1, 'a');
    begin(statistics, 2, 'a', false);
    update(statistics, 1, { bytes_in: 1000, video_frames: 25, jumps: 2 });
    update(statistics, 2, { bytes_out: 5000, skips: 3 });
    const text = await metrics.text();
    for (const line of [
      'srs_send_bytes_total 5000',
      'srs_receive_bytes_total 1000',
      'srs_streams 1',
      'srs_clients 2',
      'millrace_clients{protocol="rtmp",action="publish"} 1',
      'millrace_send_bytes_total{protocol="http_flv",action="play"} 5000',
      'millrace_frames_total{kind="video"} 25',
      'millrace_drops_total{reason="slow_player"} 3',
      'millrace_drops_total{reason="slow_loop"} 7',
      'millrace_time_repairs_total{kind="jumps"} 2',
      'millrace_stream_players{vhost="__defaultVhost__",app="live",stream="a"} 1',
      'millrace_stream_time_repairs_total{vhost="__defaultVhost__",app="live",stream="a"} 2',
      'millrace_connections 3',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
  });

  it('have the network of each protocol by quantiles, and that of publishers', async () => {
    const { metrics, statistics } = setUp({ enabled: true, streamSeries: 1 });
    const packets = { packets_in: 100, packets_out: 0, packets_lost: 0 };
    for (const [id, rtt_ms] of [10, 20, 30, 400].entries()) {
      begin(statistics, id, `s${id}`);
      update(statistics, id, {}, { ...packets, packets_lost: id * 10, rtt_ms });
    }
    const text = await metrics.text();
    for (const line of [
      'millrace_packets_received_total{protocol="rtmp",action="publish"} 400',
      'millrace_packets_sent_total{protocol="rtmp",action="publish"} 0',
      'millrace_transport_rtt_seconds{protocol="rtmp",action="publish",quantile="0"} 0.01',
      'millrace_transport_rtt_seconds{protocol="rtmp",action="publish",quantile="0.5"} 0.02',
      'millrace_transport_rtt_seconds{protocol="rtmp",action="publish",quantile="0.95"} 0.4',
      'millrace_transport_rtt_seconds{protocol="rtmp",action="publish",quantile="1"} 0.4',
      'millrace_transport_loss_ratio{protocol="rtmp",action="publish",quantile="1"} 0.3',
      'millrace_stream_publisher_rtt_seconds{vhost="__defaultVhost__",app="live",stream="s0"} 0.01',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
    // What nobody measures has no series, and streams beyond the limit have none either.
    expect(text).not.toContain('millrace_transport_bandwidth_bits_per_second{');
    expect(text.match(/^millrace_stream_publisher_rtt_seconds\{/gm)).toHaveLength(1);
  });

  it('have a histogram of the turns of each loop', async () => {
    const { metrics, statistics } = setUp();
    update(statistics, 9, {});
    const text = await metrics.text();
    expect(text.slice(text.indexOf('# HELP millrace_loop_turn_seconds'))).toMatch(
      /^# HELP .*\n# TYPE millrace_loop_turn_seconds histogram\nmillrace_loop_turn_seconds_bucket\{loop="0",le="0\.001"\} 10\n.*le="0\.005"\} 15\n/,
    );
    expect(text).toContain('millrace_loop_turn_seconds_bucket{loop="0",le="+Inf"} 16\n');
    expect(text).toContain('millrace_loop_turn_seconds_sum{loop="0"} 2\n');
    expect(text).toContain('millrace_loop_turn_seconds_count{loop="0"} 16\n');
  });

  it('have series of so many streams and no more, which stay with theirs', async () => {
    const { metrics, statistics } = setUp({ enabled: true, streamSeries: 2 });
    for (const id of [1, 2, 3, 4]) {
      begin(statistics, id, `s${id}`);
    }
    const streams = async () =>
      [...(await metrics.text()).matchAll(/^millrace_stream_published\{.*stream="(\w+)"\}/gm)].map(
        ([, name]) => name,
      );
    expect(await streams()).toEqual(['s1', 's2']);
    expect(await metrics.text()).toContain('millrace_streams_without_series 2\n');
    statistics.end(1);
    expect(await streams()).toEqual(['s2', 's3']);
  });

  it('are of one server each', async () => {
    const [one, other] = [setUp(), setUp()];
    begin(one.statistics, 1, 'a');
    expect(await other.metrics.text()).toContain('\nsrs_streams 0\n');
  });
});
