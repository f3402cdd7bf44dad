import { b0, block, endpoints, port } from './build.ts';

export const rtspServer = block(
  'rtsp_server',
  'RTSP over TCP.',
  {
    enabled: b0('enabled', false, 'Whether RTSP is served.'),
    listen: endpoints('listen', port(554), 'Where RTSP clients connect.'),
  },
  { effect: 'accepted', since: 'srs-7.x' },
);
