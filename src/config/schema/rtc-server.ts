import { b0, b1, block, endpoints, int, port, text, word } from './build.ts';

export const rtcServer = block(
  'rtc_server',
  'WebRTC: one port for all sessions.',
  {
    enabled: b0('enabled', false, 'Whether WebRTC is served.'),
    listen: endpoints('listen', port(8000), 'UDP endpoints of WebRTC peers.'),
    tcp: block(
      'tcp',
      'ICE over TCP, framed as RFC 4571 says.',
      {
        enabled: b0('enabled', false, 'Whether TCP candidates are served.'),
        listen: endpoints('listen', port(8000), 'TCP endpoints of WebRTC peers.'),
      },
      { unknown: 'warning' },
    ),
    protocol: word(
      'protocol',
      ['udp', 'tcp', 'all'],
      'udp',
      'udp',
      'Transports whose candidates go into an answer.',
      { reload: 'N' },
    ),
    candidate: text(
      'candidate',
      '*',
      'Address or name given to peers; `*` finds it, `$NAME` takes it from the environment.',
      { reload: 'N' },
    ),
    useAutoDetectNetworkIp: b1(
      'use_auto_detect_network_ip',
      true,
      'Add the addresses of the network interfaces.',
      { reload: 'N' },
    ),
    ipFamily: word(
      'ip_family',
      ['ipv4', 'ipv6', 'all'],
      'ipv4',
      'ipv4',
      'Families of the addresses that are found.',
      { reload: 'N' },
    ),
    apiAsCandidates: b1('api_as_candidates', true, 'Add the host by which the API was called.', {
      reload: 'N',
    }),
    resolveApiDomain: b1('resolve_api_domain', true, 'Look up the address of that host.', {
      reload: 'N',
    }),
    keepApiDomain: b0('keep_api_domain', false, 'Add the name of that host too.', { reload: 'N' }),
    ecdsa: b1(
      'ecdsa',
      true,
      'Certificate with an ECDSA P-256 key instead of RSA; of new sessions.',
      {
        reload: 'N',
      },
    ),
    encrypt: b1('encrypt', true, 'SRTP for players; `?encrypt=false` overrides it per session.'),
    reuseport: int('reuseport', 1, 'UDP sockets on the port.', { effect: 'accepted' }),
    mergeNalus: b0('merge_nalus', false, 'All NAL units of a frame in one RTP payload.', {
      effect: 'accepted',
    }),
    blackHole: block(
      'black_hole',
      'Copy decrypted packets to a UDP address, to look at them.',
      {
        enabled: b0('enabled', false, 'Whether packets are copied.'),
        address: text('addr', '', 'Where to copy them, host:port.'),
      },
      { unknown: 'warning', effect: 'accepted' },
    ),
  },
  {
    effect: 'yes',
    since: 'srs',
    ignored: {
      perf_stat: 'SRS took it out',
      queue_length: 'SRS took it out',
    },
  },
);
