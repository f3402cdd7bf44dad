import { b0, block, endpoints, int, path } from './build.ts';

/** Chunk sizes that are sent: below 128 the headers dominate, above 65536 players choke. */
export const CHUNK_SIZE_RANGE = { min: 128, max: 65_536, outside: 'clamp' } as const;

export const rtmp = block(
  'rtmp',
  'RTMP over TCP. The root directives `listen` and `chunk_size` are the older spelling.',
  {
    listen: endpoints('listen', [], 'Where RTMP clients connect; required in a file.', {
      env: { also: ['SRS_LISTEN'] },
      defaultText: 'none',
    }),
    chunkSize: int('chunk_size', 60_000, 'Chunk size sent to peers, in bytes.', {
      env: { also: ['SRS_CHUNK_SIZE', 'SRS_VHOST_CHUNK_SIZE'] },
      reload: 'N',
      range: CHUNK_SIZE_RANGE,
    }),
  },
  { effect: 'yes', since: 'srs', reload: 'A' },
);

export const rtmps = block(
  'rtmps',
  'RTMP over TLS.',
  {
    enabled: b0('enabled', false, 'Whether RTMPS is served.'),
    listen: endpoints('listen', [], 'Where RTMPS clients connect; 1443 is usual.', {
      defaultText: 'none',
    }),
    key: path('key', './conf/server.key', 'Private key, PEM.'),
    cert: path('cert', './conf/server.crt', 'Certificate chain, PEM.'),
  },
  { effect: 'yes', since: 'srs-7.x', reload: 'A' },
);
