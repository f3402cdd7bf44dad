import {
  b0,
  b1,
  block,
  endpoints,
  float,
  int,
  list,
  port,
  seconds,
  text,
  url,
  wholeSeconds,
} from './build.ts';

const percent = { range: { min: 0, max: 100, outside: 'default' } } as const;

export const circuitBreaker = block(
  'circuit_breaker',
  'What is given up when a loop thread runs hot.',
  {
    enabled: b1('enabled', true, 'Whether load is watched.'),
    highThreshold: int('high_threshold', 90, 'High water, percent of one core.', percent),
    highPulse: int('high_pulse', 2, 'Seconds over the high water until NACKs are not answered.'),
    criticalThreshold: int('critical_threshold', 95, 'Critical water, percent.', percent),
    criticalPulse: int('critical_pulse', 1, 'Seconds over it until TWCC stops too.'),
    dyingThreshold: int('dying_threshold', 99, 'Dying water, percent.', percent),
    dyingPulse: int('dying_pulse', 5, "Seconds over it until players' packets are dropped too."),
  },
  { effect: 'accepted', since: 'srs' },
);

export const exporter = block(
  'exporter',
  'Metrics for Prometheus.',
  {
    enabled: b0('enabled', false, 'Whether metrics are served.'),
    listen: endpoints('listen', port(9972), 'Where `/metrics` and the API are served.'),
    label: text('label', '', 'Value of the label `label`.'),
    tag: text('tag', '', 'Value of the label `tag`.'),
    streamSeries: int('stream_series', 200, 'Streams that have series of their own, at most.', {
      since: 'millrace',
      range: { min: 0, max: 1_000_000, outside: 'clamp' },
    }),
  },
  { effect: 'yes', since: 'srs' },
);

export const heartbeat = block(
  'heartbeat',
  'Reports this server to another one, again and again.',
  {
    enabled: b0('enabled', false, 'Whether heartbeats are sent.'),
    intervalMs: wholeSeconds('interval', 10_000, 'Time between two heartbeats.', {
      range: { min: 1000, max: 1e12, outside: 'error' },
    }),
    url: url('url', 'http://127.0.0.1:8085/api/v1/servers', 'Where they are posted.', {
      reload: 'N',
    }),
    deviceId: text('device_id', '', 'Identity of this device in them.', { reload: 'N' }),
    summaries: b0('summaries', false, 'Add the summary of the API.', { reload: 'N' }),
    ports: b0('ports', false, 'Add the endpoints this server listens on.', { reload: 'N' }),
  },
  { effect: 'yes', since: 'srs' },
);

export const stats = block(
  'stats',
  'Statistics of the machine.',
  {
    enabled: b1('enabled', true, 'Whether the machine is watched.', { reload: 'A' }),
    network: int('network', 0, 'Which of the local addresses is "my address", from 0.', {
      range: { min: 0, max: 65_535, outside: 'error' },
    }),
    disk: list('disk', [], 'Block devices to watch, e.g. `sda vda`.', {
      ...{ defaultText: 'none', reload: 'A' },
    }),
  },
  { effect: 'yes', env: 'none' },
);

export const threads = block(
  'threads',
  'Thread pool of SRS, which later versions took out.',
  { intervalMs: seconds('interval', 5000, 'Time between two looks at the threads.') },
  { effect: 'accepted', since: 'srs' },
);

const VENDOR = 'Vendor cloud; accepted and not used.';

export const tencentcloudCls = block(
  'tencentcloud_cls',
  `Tencent Cloud log service. ${VENDOR}`,
  {
    enabled: b0('enabled', false, 'Whether logs would be sent.'),
    label: text('label', '', 'Label of the logs.'),
    tag: text('tag', '', 'Tag of the logs.'),
    secretId: text('secret_id', '', 'Secret id of the account.'),
    secretKey: text('secret_key', '', 'Secret key of the account.'),
    endpoint: text('endpoint', '', 'Host of the service.'),
    topicId: text('topic_id', '', 'Topic of the logs.'),
    debugLogging: b0('debug_logging', false, 'Log what is sent.'),
    statHeartbeat: b1('stat_heartbeat', true, 'Send heartbeats.'),
    heartbeatRatio: float('heartbeat_ratio', 1, 'One heartbeat in so many is sent.'),
    statStreams: b1('stat_streams', true, 'Send stream statistics.'),
    streamsRatio: float('streams_ratio', 1, 'One statistic in so many is sent.'),
  },
  { effect: 'accepted', since: 'srs' },
);

export const tencentcloudApm = block(
  'tencentcloud_apm',
  `Tencent Cloud application monitoring. ${VENDOR}`,
  {
    enabled: b0('enabled', false, 'Whether traces would be sent.'),
    team: text('team', '', 'Team of the account.'),
    token: text('token', '', 'Token of the account.'),
    endpoint: text('endpoint', '', 'Host of the service.'),
    serviceName: text('service_name', 'srs-server', 'Name of this service.'),
    debugLogging: b0('debug_logging', false, 'Log what is sent.'),
  },
  { effect: 'accepted', since: 'srs' },
);
