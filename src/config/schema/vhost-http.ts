import { b0, b1, block, int, list, path, seconds, template } from './build.ts';

export const httpStatic = block(
  'http_static',
  'Static files of this vhost.',
  {
    enabled: b0('enabled', false, 'Whether they are served.'),
    mount: template('mount', '[vhost]/', 'Path below which they are served.'),
    dir: path('dir', './objs/nginx/html', 'Where they lie; may hold `[vhost]`.'),
  },
  { effect: 'yes', reload: 'N' },
);

export const httpRemux = block(
  'http_remux',
  'Live streams over HTTP and WebSocket, as FLV, MPEG-TS, AAC or MP3.',
  {
    enabled: b0('enabled', false, 'Whether they are served.'),
    mounts: list(
      'mount',
      ['[vhost]/[app]/[stream].flv'],
      'Paths of a stream, with `[app]` and `[stream]`; the extension picks the format: `.flv`, `.ts`, ' +
        '`.aac` or `.mp3`. SRS takes one path.',
    ),
    fastCacheMs: seconds('fast_cache', 0, 'Recent audio that a new AAC or MP3 player gets first.', {
      reload: 'N',
    }),
    dropIfNotMatch: b1('drop_if_not_match', true, 'Drop what FLV or MPEG-TS does not announce.', {
      reload: 'N',
    }),
    hasAudio: b1('has_audio', true, 'Announce audio, when it is not guessed.', { reload: 'N' }),
    hasVideo: b1('has_video', true, 'Announce video, when it is not guessed.', { reload: 'N' }),
    guessHasAv: b1('guess_has_av', true, 'Announce what the stream has.', {
      reload: 'N',
    }),
  },
  {
    effect: 'yes',
    reload: 'N',
    again: 'error',
    ignored: { hstrs: 'SRS took it out: a player always starts the stream' },
  },
);

export const httpHooks = block(
  'http_hooks',
  'Callbacks over HTTP; each takes any number of urls.',
  {
    enabled: b0('enabled', false, 'Whether callbacks are called.'),
    onConnect: list('on_connect', [], 'A client connects; its answer decides.'),
    onClose: list('on_close', [], 'A client is gone.'),
    onPublish: list('on_publish', [], 'A client wants to publish; its answer decides.'),
    onUnpublish: list('on_unpublish', [], 'A client stopped publishing.'),
    onPlay: list('on_play', [], 'A client wants to play; its answer decides.'),
    onStop: list('on_stop', [], 'A client stopped playing.'),
    onDvr: list('on_dvr', [], 'A recording is finished.', { effect: 'accepted' }),
    onHls: list('on_hls', [], 'An HLS segment is finished.'),
    onHlsNotify: list('on_hls_notify', [], 'An HLS segment is finished: GET, e.g. to warm a CDN.'),
    timeoutMs: seconds('timeout', 3000, 'Longest time of one call, connecting included.', {
      range: { min: 1, max: 600_000, outside: 'error' },
      since: 'millrace',
    }),
    notifyTimeoutMs: seconds('notify_timeout', 10_000, 'The same for on_hls_notify.', {
      range: { min: 1, max: 600_000, outside: 'error' },
      since: 'millrace',
    }),
    retries: int(
      'retries',
      5,
      'How often what needs no answer is told again when the server is not reached; first after 1 s.',
      { range: { min: 0, max: 20, outside: 'error' }, since: 'millrace' },
    ),
    secrets: list(
      'secret',
      [],
      'Secrets with which calls are signed, text or `whsec_` and base64; several while they change.',
      { since: 'millrace', defaultText: 'calls are not signed' },
    ),
    verifyCertificate: b1(
      'verify_certificate',
      true,
      'Whether the certificate of an https server must be good.',
      { since: 'millrace' },
    ),
  },
  { effect: 'yes', reload: 'N' },
);
