import { b0, block, commandLines, freeBlock, int, path, repeated, text, word } from './build.ts';

export const exec = block(
  'exec',
  'Starts programs for a stream.',
  {
    enabled: b0('enabled', false, 'Whether they are started.'),
    publish: commandLines('publish', [], 'Command line started for each publish; repeatable.'),
  },
  { effect: 'accepted', reload: 'A', env: 'none' },
);

const engines = repeated('engine', 'name', 'What FFmpeg does with one stream.', {
  enabled: b0('enabled', false, 'Whether this engine runs.'),
  perfile: freeBlock('perfile', [], 'FFmpeg options before the input.'),
  inputFormat: text('iformat', 'flv', 'Format of the input; `off` leaves it to FFmpeg.'),
  videoFilter: freeBlock('vfilter', [], 'FFmpeg options of the video filter.'),
  videoCodec: text('vcodec', '', 'Video codec; `copy` and `vn` are known too.'),
  videoBitrateKbps: int('vbitrate', 0, 'Video bit rate.'),
  videoFps: int('vfps', 0, 'Video frames per second.'),
  videoWidth: int('vwidth', 0, 'Video width.'),
  videoHeight: int('vheight', 0, 'Video height.'),
  videoThreads: int('vthreads', 1, 'Encoder threads.'),
  videoProfile: text('vprofile', '', 'Encoder profile.'),
  videoPreset: text('vpreset', '', 'Encoder preset.'),
  videoParams: freeBlock('vparams', [], 'More FFmpeg options of the video encoder.'),
  audioCodec: text('acodec', '', 'Audio codec; `copy` and `an` are known too.'),
  audioBitrateKbps: int('abitrate', 0, 'Audio bit rate.'),
  audioSampleRate: int('asample_rate', 0, 'Audio sample rate in Hz.'),
  audioChannels: int('achannels', 0, 'Audio channels.'),
  audioParams: freeBlock('aparams', [], 'More FFmpeg options of the audio encoder.'),
  outputFormat: text('oformat', 'flv', 'Format of the output; `off` leaves it to FFmpeg.'),
  output: text('output', '', 'Url of the output, with variables.'),
});

export const ingests = repeated(
  'ingest',
  'id',
  'Brings a file or a stream in with FFmpeg.',
  {
    enabled: b0('enabled', false, 'Whether it runs.'),
    input: block('input', 'Where the media comes from.', {
      type: word('type', ['file', 'stream'], 'file', undefined, 'A file that is looped, or a url.'),
      url: text('url', '', 'File or url.'),
    }),
    ffmpeg: path('ffmpeg', undefined, 'FFmpeg to run.'),
    engines,
  },
  { effect: 'accepted', reload: 'A', env: 'none', again: 'error' },
);

export const transcodes = repeated(
  'transcode',
  'scope',
  'Transcodes streams of this vhost (no argument), of an `app`, or one `app/stream`.',
  {
    enabled: b0('enabled', false, 'Whether streams are transcoded.'),
    ffmpeg: path('ffmpeg', undefined, 'FFmpeg to run.'),
    engines,
  },
  { effect: 'accepted', reload: 'A', env: 'none', again: 'warning' },
);
