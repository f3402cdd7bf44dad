import { b0, b1, block, floatMs, int, ms, seconds, word } from './build.ts';

/** How timestamps are mended: made continuous, started at zero only, or left alone. */
export const TIME_JITTER = ['full', 'zero', 'off'] as const;

export const play = block(
  'play',
  'How players are served.',
  {
    gopCache: b1('gop_cache', true, 'New players start with the last group of pictures.'),
    gopCacheMaxFrames: int(
      'gop_cache_max_frames',
      2500,
      'The group is forgotten when it has more frames; 0 is no limit.',
      { range: { min: 0, max: 10_000_000, outside: 'default' } },
    ),
    queueLengthMs: seconds(
      'queue_length',
      30_000,
      'A player that is further behind skips to the newest random access point; see `ring_max_ms`.',
    ),
    timeJitter: word(
      'time_jitter',
      TIME_JITTER,
      'full',
      'off',
      "Clock of a player: from near zero (`full`, `zero`), or the publisher's (`off`, any other word).",
    ),
    atc: b0('atc', false, "Send the publisher's own times, as `time_jitter off`."),
    atcAuto: b0(
      'atc_auto',
      false,
      '`atc` for players that begin after an onMetaData with `bravo_atc` = `true`.',
    ),
    maxPlayers: int(
      'max_players',
      0,
      'Players that one stream may have, over all protocols; 0 is no limit.',
      { range: { min: 0, max: 10_000_000, outside: 'error' }, since: 'millrace' },
    ),
    mixCorrect: b0('mix_correct', false, 'Put audio and video in order of time first.'),
    mwLatencyMs: ms('mw_latency', 350, 'Longest time that data waits to be sent together.'),
    mwMsgs: int('mw_msgs', undefined, 'Messages that data waits for, within that time.', {
      range: { min: 0, max: 128, outside: 'clamp' },
      defaultText: '8; 0 with min_latency; 1 for RTC',
    }),
    sendMinIntervalMs: floatMs(
      'send_min_interval',
      0,
      'Least time between two writes to a player; 0 leaves it to `mw_latency`.',
    ),
    reduceSequenceHeader: b0(
      'reduce_sequence_header',
      false,
      'Drop a sequence header or onMetaData that says what the last one said.',
    ),
  },
  { effect: 'yes', reload: 'N' },
);
