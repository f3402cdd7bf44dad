import { b0, b1, block, bytes, endpoints, int, ms, port, text, word } from './build.ts';

/** 8192 packets of one MTU without its IP and UDP headers: the default of libsrt. */
const SRT_BUFFER_BYTES = 8192 * (1500 - 28);

export const srtServer = block(
  'srt_server',
  'SRT over UDP.',
  {
    enabled: b0('enabled', false, 'Whether SRT is served.'),
    listen: endpoints('listen', port(10_080), 'UDP endpoints of SRT callers.'),
    maxBandwidth: int('maxbw', -1, 'SRTO_MAXBW in bytes per second; -1 is unlimited.'),
    mss: int('mss', 1500, 'SRTO_MSS in bytes.'),
    connectTimeoutMs: ms('connect_timeout', 3000, 'SRTO_CONNTIMEO.'),
    peerIdleTimeoutMs: ms('peer_idle_timeout', 10_000, 'SRTO_PEERIDLETIMEO.'),
    latencyMs: ms('latency', 120, 'SRTO_LATENCY: what `recvlatency` is when it is not set.'),
    recvLatencyMs: ms('recvlatency', undefined, 'SRTO_RCVLATENCY: of what publishers send.', {
      defaultText: '`latency`',
    }),
    peerLatencyMs: ms('peerlatency', 0, 'SRTO_PEERLATENCY: least latency of players.'),
    tsbpdMode: b1('tsbpdmode', true, 'SRTO_TSBPDMODE: deliver at the time of the sender.'),
    tlpktdrop: b1('tlpktdrop', true, 'SRTO_TLPKTDROP: drop packets that are too late.'),
    sendBufferBytes: bytes('sendbuf', SRT_BUFFER_BYTES, 'SRTO_SNDBUF.'),
    recvBufferBytes: bytes('recvbuf', SRT_BUFFER_BYTES, 'SRTO_RCVBUF.'),
    payloadSize: int('payloadsize', 1316, 'SRTO_PAYLOADSIZE in bytes; 1316 = 7 TS packets.'),
    passphrase: text('passphrase', '', 'SRTO_PASSPHRASE, 10 to 79 characters; empty is none.'),
    pbkeylen: int('pbkeylen', 0, 'SRTO_PBKEYLEN with a passphrase: 0, 16, 24 or 32 bytes.'),
    defaultApp: text('default_app', 'live', 'App of a stream id that has one level only.'),
    defaultStreamid: text(
      'default_streamid',
      '#!::r=live/livestream,m=request',
      'Stream id of a client that sends none.',
      { since: 'srs-7.x' },
    ),
    defaultMode: word(
      'default_mode',
      ['publish', 'request'],
      'request',
      'request',
      'Whether a stream id without `#!::` publishes or plays.',
      { since: 'srs-7.x' },
    ),
  },
  {
    effect: 'yes',
    since: 'srs',
    ignored: {
      sei_filter: 'unused by SRS',
      mix_correct: 'unused by SRS',
    },
  },
);
