import {
  b0,
  b1,
  block,
  endpoints,
  list,
  port,
  repeated,
  text,
  wholeSeconds,
  word,
} from './build.ts';

const LEFT_BY_GB28181 = 'belonged to an older GB28181 module of SRS';

export const streamCasters = repeated(
  'stream_caster',
  'name',
  'Takes a stream in by another protocol and publishes it.',
  {
    enabled: b0('enabled', false, 'Whether this caster runs.', { effect: 'yes' }),
    caster: word(
      'caster',
      ['mpegts_over_udp', 'flv', 'gb28181', 'srt'],
      undefined,
      undefined,
      'Protocol that is taken in: MPEG-TS over UDP, FLV by HTTP POST, GB28181, or `srt`, which pulls `input`.',
      { faultCode: 'CASTER_UNKNOWN', effect: 'yes' },
    ),
    output: text(
      'output',
      undefined,
      'RTMP url that names what is published, with `[app]` and `[stream]` (flv) or `[stream]` (gb28181); the host is the vhost.',
      { effect: 'yes' },
    ),
    listen: endpoints('listen', [], 'Where senders connect or send to.', {
      defaultText: 'none, which is an error',
      effect: 'yes',
    }),
    input: text('input', '', 'SRT url that `caster srt` pulls: srt://host:port?streamid=...', {
      since: 'millrace',
    }),
    senders: list(
      'senders',
      [],
      'Addresses that may send to mpegts_over_udp; none lets everybody.',
      {
        defaultText: 'everybody',
        since: 'millrace',
      },
    ),
    interface: text(
      'interface',
      '',
      'Interface on which mpegts_over_udp joins a multicast group; empty lets the system choose.',
      { since: 'millrace' },
    ),
    sip: block(
      'sip',
      'SIP server for GB28181 devices.',
      {
        enabled: b1('enabled', true, 'Whether it runs.'),
        listen: endpoints('listen', port(5060), 'Where devices register, TCP.'),
        timeoutMs: wholeSeconds('timeout', 60_000, 'A device that is silent for so long is gone.'),
        reinviteMs: wholeSeconds('reinvite', 5000, 'Time between two invitations of a device.'),
        candidate: text('candidate', '*', 'Address given to devices; `*` finds it.'),
      },
      {
        effect: 'accepted',
        unknown: 'warning',
        ignored: {
          serial: LEFT_BY_GB28181,
          realm: LEFT_BY_GB28181,
          ack_timeout: LEFT_BY_GB28181,
          keepalive_timeout: LEFT_BY_GB28181,
          invite_port_fixed: LEFT_BY_GB28181,
          query_catalog_interval: LEFT_BY_GB28181,
          auto_play: LEFT_BY_GB28181,
        },
      },
    ),
  },
  {
    effect: 'yes',
    env: 'none',
    ignored: {
      tcp_enable: LEFT_BY_GB28181,
      rtp_port_min: LEFT_BY_GB28181,
      rtp_port_max: LEFT_BY_GB28181,
      wait_keyframe: LEFT_BY_GB28181,
      rtp_idle_timeout: LEFT_BY_GB28181,
      audio_enable: LEFT_BY_GB28181,
      auto_create_channel: LEFT_BY_GB28181,
    },
  },
);
