import { b0, b1, block, ms, seconds } from './build.ts';

export const publish = block(
  'publish',
  'How publishers are served.',
  {
    mr: b0('mr', false, 'Merged read: wait a little to read more at once.'),
    mrLatencyMs: ms('mr_latency', 350, 'How long that wait is.'),
    firstpktTimeoutMs: ms(
      'firstpkt_timeout',
      20_000,
      'A publisher that sends nothing at all for so long is closed.',
    ),
    normalTimeoutMs: ms(
      'normal_timeout',
      5000,
      'A publisher that sends nothing more for so long is closed.',
    ),
    parseSps: b1(
      'parse_sps',
      true,
      'Read width and height from the parameter sets; always done here, and no reason to refuse them.',
      {
        reload: 'N',
        effect: 'accepted',
      },
    ),
    tryAnnexbFirst: b1(
      'try_annexb_first',
      true,
      'Which NAL unit format is tried first; here lengths are, then start codes: no guess can be wrong.',
      { reload: 'N', effect: 'accepted' },
    ),
    kickoffForIdleMs: seconds(
      'kickoff_for_idle',
      0,
      'A publisher that had no players for so long is closed; 0 never does.',
      { reload: 'N' },
    ),
  },
  { effect: 'yes', reload: 'N' },
);
