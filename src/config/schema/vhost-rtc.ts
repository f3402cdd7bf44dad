import { b0, b1, block, int, seconds, word } from './build.ts';

/** Opus and AAC encoders take these; anything else is an accident. */
const audioBitrate = { range: { min: 8000, max: 320_000, outside: 'default' } } as const;

export const rtc = block(
  'rtc',
  'WebRTC in this vhost.',
  {
    enabled: b0('enabled', false, 'Whether streams may be published and played by WebRTC.'),
    nack: b1('nack', true, 'Ask for and resend lost packets.'),
    nackNoCopy: b1('nack_no_copy', true, 'Keep sent packets without copying them.'),
    twcc: b1('twcc', true, 'Transport-wide congestion control feedback.'),
    stunTimeoutMs: seconds('stun_timeout', 30_000, 'A session without packets for so long ends.'),
    stunStrictCheck: b0('stun_strict_check', false, 'Refuse STUN that breaks a rule.'),
    dtlsRole: word(
      'dtls_role',
      ['passive', 'active'],
      'passive',
      'passive',
      'Answer to an offer of `actpass`.',
    ),
    dtlsVersion: word(
      'dtls_version',
      ['auto', 'dtls1.0', 'dtls1.2'],
      'auto',
      'auto',
      'DTLS version that is spoken.',
      { effect: 'accepted' },
    ),
    dropForPt: int('drop_for_pt', 0, 'Payload type whose packets are dropped, to test NACK.', {
      range: { min: 0, max: 127, outside: 'default' },
    }),
    rtmpToRtc: b0('rtmp_to_rtc', false, 'Play streams of other protocols by WebRTC.'),
    keepBframe: b0('keep_bframe', false, 'Keep B-frames, which browsers show in wrong order.'),
    keepAvcNaluSei: b1(
      'keep_avc_nalu_sei',
      true,
      'Keep SEI NAL units of H.264 in what WebRTC players get of streams of other protocols.',
    ),
    opusBitrateBps: int('opus_bitrate', 48_000, 'Bit rate of Opus made from AAC.', audioBitrate),
    rtcToRtmp: b0('rtc_to_rtmp', false, 'Play streams published by WebRTC by other protocols.'),
    pliForRtmpMs: seconds(
      'pli_for_rtmp',
      6000,
      'Time between two requests for a key frame when a stream is converted.',
      { range: { min: 500, max: 30_000, outside: 'default' } },
    ),
    aacBitrateBps: int('aac_bitrate', 48_000, 'Bit rate of AAC made from Opus.', audioBitrate),
    initRateFromSdp: b0(
      'init_rate_from_sdp',
      false,
      'Take clock rates from SDP instead of waiting for a second sender report.',
      { since: 'srs-7.x', effect: 'accepted' },
    ),
  },
  { effect: 'yes', reload: 'N' },
);

export const srt = block(
  'srt',
  'SRT in this vhost.',
  {
    enabled: b0('enabled', false, 'Whether streams may be published and played by SRT.'),
    srtToRtmp: b0('srt_to_rtmp', true, 'Play streams published by SRT by other protocols.', {
      env: { also: ['SRS_VHOST_SRT_TO_RTMP'] },
    }),
  },
  { effect: 'yes', reload: 'N' },
);

export const rtsp = block(
  'rtsp',
  'RTSP in this vhost.',
  {
    enabled: b0('enabled', false, 'Whether streams may be played by RTSP.'),
    rtmpToRtsp: b1('rtmp_to_rtsp', true, 'Play streams of other protocols by RTSP.'),
  },
  { effect: 'accepted', reload: 'N', since: 'srs-7.x' },
);
