import { b0, b1, block, list, text, url, word } from './build.ts';

export const cluster = block(
  'cluster',
  'Edges that fetch streams from origins, and origins that know each other.',
  {
    mode: word(
      'mode',
      ['local', 'remote'],
      'local',
      'local',
      '`local` is an origin, `remote` an edge.',
      { reload: 'X' },
    ),
    origins: list('origin', [], 'Upstreams of an edge, host[:port].'),
    tokenTraverse: b0('token_traverse', false, 'The edge asks the origin at connect.'),
    vhost: text('vhost', '[vhost]', 'Name of the vhost used upstream; `[vhost]` is the same.'),
    debugSrsUpnode: b1('debug_srs_upnode', true, 'Send srs_* arguments in connect.'),
    originCluster: b0('origin_cluster', false, 'Send clients to the origin that has the stream.'),
    coworkers: list('coworkers', [], 'HTTP APIs of the other origins, host:port.'),
    protocol: word('protocol', ['rtmp', 'flv', 'flvs'], 'rtmp', 'rtmp', 'How the edge pulls.'),
    followClient: b0('follow_client', false, 'Pull with the protocol of the client.'),
  },
  { effect: 'accepted', reload: 'N', env: 'none' },
);

export const forward = block(
  'forward',
  'Publishes each stream to other servers too.',
  {
    enabled: b0('enabled', false, 'Whether streams are forwarded.', {
      env: { also: [] },
      effect: 'yes',
    }),
    destinations: list(
      'destination',
      [],
      'Servers: srt://host:port?streamid=...&latency=...&passphrase=... SRS has host[:port] of RTMP, which is not served yet.',
      { effect: 'yes' },
    ),
    backend: url('backend', undefined, 'Callback that returns urls; replaces `destination`.', {
      env: { also: [] },
    }),
  },
  { effect: 'accepted', reload: 'A', env: 'none' },
);
