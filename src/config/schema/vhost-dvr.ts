import { b0, b1, block, list, template, wholeSeconds, word } from './build.ts';
import { TIME_JITTER } from './vhost-play.ts';

export const dvr = block(
  'dvr',
  'Recording to FLV or MP4 files.',
  {
    enabled: b0('enabled', false, 'Whether streams are recorded.'),
    apply: list('dvr_apply', ['all'], 'Streams that are recorded: `all`, or `app/stream ...`.', {
      env: 'none',
      reload: 'X',
    }),
    plan: word(
      'dvr_plan',
      ['session', 'segment'],
      'session',
      undefined,
      'One file per publish, or one per `dvr_duration`.',
      { faultCode: 'DVR_PLAN_INVALID' },
    ),
    path: template(
      'dvr_path',
      './objs/nginx/html/[app]/[stream].[timestamp].flv',
      'File; `.mp4` picks MP4.',
    ),
    durationMs: wholeSeconds('dvr_duration', 30_000, 'Duration of a file of the segment plan.'),
    waitKeyframe: b1('dvr_wait_keyframe', true, 'Cut files at random access points only.'),
    timeJitter: word(
      'time_jitter',
      TIME_JITTER,
      'full',
      'off',
      'How timestamps are mended; any other word leaves them alone.',
    ),
  },
  { effect: 'accepted', reload: 'A' },
);
