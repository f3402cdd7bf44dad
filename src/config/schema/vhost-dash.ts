import { b0, b1, block, int, path, seconds, template, wholeSeconds } from './build.ts';

export const dash = block(
  'dash',
  'DASH: ISO/IEC 23009-1 manifests with fMP4 segments.',
  {
    enabled: b0('enabled', false, 'Whether DASH is made.'),
    fragmentMs: seconds('dash_fragment', 10_000, 'Wanted duration of a segment.', {
      range: { min: 100, max: 3_600_000, outside: 'clamp' },
    }),
    updatePeriodMs: seconds('dash_update_period', 5000, '`minimumUpdatePeriod`.'),
    timeshiftMs: seconds('dash_timeshift', 300_000, '`timeShiftBufferDepth`.'),
    path: path('dash_path', './objs/nginx/html', 'Directory of manifest and segments.'),
    mpdFile: template('dash_mpd_file', '[app]/[stream].mpd', 'Manifest.'),
    windowSize: int('dash_window_size', 5, 'Segments in the manifest.', {
      range: { min: 1, max: 100_000, outside: 'default' },
    }),
    cleanup: b1('dash_cleanup', true, 'Delete segments that left the window.'),
    disposeMs: wholeSeconds(
      'dash_dispose',
      120_000,
      'Delete everything when nothing came for so long, and at quit; 0 never does.',
    ),
  },
  { effect: 'accepted', reload: 'A' },
);

export const hds = block(
  'hds',
  'Adobe HDS, which no player needs any more; accepted and not made.',
  {
    enabled: b0('enabled', false, 'Whether HDS would be made.'),
    fragmentMs: seconds('hds_fragment', 10_000, 'Wanted duration of a fragment.'),
    windowMs: seconds('hds_window', 60_000, 'Sum of the durations in a manifest.'),
    path: path('hds_path', './objs/nginx/html', 'Directory of everything.'),
  },
  { effect: 'accepted' },
);
