import {
  b0,
  b1,
  block,
  bytes,
  float,
  int,
  path,
  seconds,
  template,
  text,
  wholeSeconds,
  word,
} from './build.ts';

export const hls = block(
  'hls',
  'HLS: RFC 8216 playlists with MPEG-TS segments.',
  {
    enabled: b0('enabled', false, 'Whether HLS is made.'),
    fragmentMs: seconds('hls_fragment', 10_000, 'Wanted duration of a segment.', {
      range: { min: 100, max: 3_600_000, outside: 'clamp' },
    }),
    targetDurationRatio: float('hls_td_ratio', 1, 'EXT-X-TARGETDURATION over the duration.', {
      range: { min: 0.1, max: 100, outside: 'default' },
    }),
    audioOverflowRatio: float(
      'hls_aof_ratio',
      2.1,
      'A segment without a random access point is cut at so many durations.',
      { range: { min: 1, max: 100, outside: 'default' } },
    ),
    windowMs: seconds('hls_window', 60_000, 'Sum of the durations of the segments in a playlist.', {
      range: { min: 100, max: 1e12, outside: 'clamp' },
    }),
    firstFragmentMs: seconds(
      'hls_first_fragment',
      2000,
      'First segments of a publish are this short and double up to `hls_fragment`; 0 turns that off.',
      { since: 'millrace', range: { min: 0, max: 3_600_000, outside: 'clamp' } },
    ),
    onError: word(
      'hls_on_error',
      ['ignore', 'disconnect', 'continue'],
      'continue',
      'disconnect',
      'Media that cannot be segmented stops HLS, closes the publisher, or is passed over.',
    ),
    path: path('hls_path', './objs/nginx/html', 'Directory of everything below.'),
    memoryOnly: b0('hls_memory_only', false, 'Serve from memory and write no file at all.', {
      since: 'millrace',
    }),
    m3u8File: template('hls_m3u8_file', '[app]/[stream].m3u8', 'Playlist.'),
    tsFile: template('hls_ts_file', '[app]/[stream]-[seq].ts', 'Segment in MPEG-TS.'),
    useFmp4: b0('hls_use_fmp4', false, 'Make fMP4 segments instead of MPEG-TS.', {
      since: 'srs-7.x',
      effect: 'accepted',
    }),
    fmp4File: template('hls_fmp4_file', '[app]/[stream]-[seq].m4s', 'Segment in fMP4.', {
      since: 'srs-7.x',
      effect: 'accepted',
    }),
    initFile: template(
      'hls_init_file',
      '[app]/[stream]/init.mp4',
      'Initialization segment of fMP4.',
      {
        since: 'srs-7.x',
        effect: 'accepted',
      },
    ),
    tsFloor: b0('hls_ts_floor', false, '`[timestamp]` is the time divided by the duration.'),
    entryPrefix: text('hls_entry_prefix', '', 'Url put before the names of segments.'),
    audioCodec: word(
      'hls_acodec',
      ['aac', 'mp3', 'an'],
      'aac',
      'aac',
      'Audio codec announced before it is known; `an` is none.',
      { effect: 'accepted' },
    ),
    videoCodec: word(
      'hls_vcodec',
      ['h264', 'h265', 'vn'],
      'h264',
      'h264',
      'Video codec announced before it is known; `vn` is none.',
      { effect: 'accepted' },
    ),
    cleanup: b1('hls_cleanup', true, 'Delete segments that left the window.'),
    disposeMs: wholeSeconds(
      'hls_dispose',
      120_000,
      'Delete everything when nothing came for so long, and at quit; 0 never does.',
    ),
    waitKeyframe: b1('hls_wait_keyframe', true, 'Cut segments at random access points only.'),
    notifyBytes: bytes(
      'hls_nb_notify',
      64,
      'Bytes of an answer of on_hls_notify that are read.',
      {},
    ),
    dtsDirectly: b1('hls_dts_directly', true, 'Off: count audio samples to make the audio DTS.'),
    ctx: b1('hls_ctx', true, 'Tell viewers apart by an id in the url of the playlist.'),
    tsCtx: b1('hls_ts_ctx', true, 'Put that id in the urls of segments too.'),
    masterM3u8PathRelative: b0(
      'hls_master_m3u8_path_relative',
      false,
      'The multivariant playlist names the other one by a relative path.',
      { since: 'srs-7.x' },
    ),
    recover: b1('hls_recover', true, 'Continue an existing playlist after a restart.', {
      since: 'srs-7.x',
    }),
    keys: b1('hls_keys', false, 'Encrypt segments with AES-128.', {
      defaultText: 'off; any word but `off` turns it on',
    }),
    fragmentsPerKey: int('hls_fragments_per_key', 5, 'Segments until a new key is made.', {
      range: { min: 1, max: 1_000_000, outside: 'default' },
    }),
    keyFile: template('hls_key_file', '[app]/[stream]-[seq].key', 'Key file.'),
    keyFilePath: path('hls_key_file_path', undefined, 'Directory of key files.', {
      defaultText: 'hls_path',
    }),
    keyUrl: text('hls_key_url', undefined, 'Url put before the name of a key file.', {
      defaultText: 'none; SRS: hls_path, a folder that is no url',
    }),
  },
  {
    effect: 'yes',
    reload: 'N',
    ignored: {
      hls_storage: 'SRS took it out; segments are served from memory and disk as needed',
      hls_mount: 'SRS took it out; http_server serves HLS',
    },
  },
);
