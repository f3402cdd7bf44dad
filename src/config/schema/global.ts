import {
  b0,
  b1,
  bytes,
  float,
  group,
  int,
  ms,
  networks,
  path,
  seconds,
  text,
  word,
  words,
} from './build.ts';

/** Listeners of the engine that may stand behind a proxy. */
const PROXIED = ['rtmp', 'rtmps', 'http', 'https', 'caster'] as const;

const yes = { effect: 'yes' } as const;

/** Logging directives of the root. */
export const log = group(
  {
    tank: word(
      'srs_log_tank',
      ['console', 'file'],
      'file',
      'file',
      'Where log lines go; any word but `console` means the file of `srs_log_file`.',
      {
        env: { also: ['SRS_LOG_TANK'] },
        defaultText: 'file; console in env-only mode and in docker',
      },
    ),
    level: word(
      'srs_log_level_v2',
      ['trace', 'debug', 'info', 'warn', 'error'],
      'info',
      'info',
      'Least severe lines that are written; wins over `srs_log_level`.',
      { reload: 'A', env: { also: ['SRS_LOG_LEVEL_V2'] }, defaultText: 'srs_log_level' },
    ),
    levelV1: word(
      'srs_log_level',
      ['verbose', 'info', 'trace', 'warn', 'error'],
      undefined,
      'trace',
      'The same in the old names of SRS, where `trace` is what others call info.',
      { reload: 'A', env: { also: ['SRS_LOG_LEVEL'] }, defaultText: 'trace' },
    ),
    file: path('srs_log_file', './objs/srs.log', 'Log file; SIGUSR1 opens it anew.', {
      env: { also: ['SRS_LOG_FILE'] },
    }),
    utcTime: b0('utc_time', false, 'UTC instead of local time in log lines and path variables.'),
  },
  yes,
);

/** The process: identity, working directory, life time. */
export const process = group(
  {
    serverId: text(
      'server_id',
      undefined,
      'Identity of this server in API, callbacks and metrics.',
      { defaultText: 'content of the `.id` file beside the pid file, else a random one' },
    ),
    pidFile: path('pid', './objs/srs.pid', 'File that holds the process id and is locked.'),
    workDir: path('work_dir', './', 'Directory to change to at start; other paths start there.'),
    daemon: b1('daemon', true, 'Run in the background.', {
      defaultText: 'on; off in env-only mode',
    }),
    maxConnections: int(
      'max_connections',
      1000,
      'TCP connections served at once; those over the limit are closed when they are accepted.',
      { reload: 'A', range: { min: 1, max: 10_000_000, outside: 'error' } },
    ),
    graceStartWaitMs: ms(
      'grace_start_wait',
      2300,
      'Wait before listeners close in a graceful quit (SIGQUIT).',
      { reload: 'N' },
    ),
    graceFinalWaitMs: ms('grace_final_wait', 3200, 'Wait at the end of a graceful quit.', {
      reload: 'N',
    }),
    forceGraceQuit: b0('force_grace_quit', false, 'SIGTERM quits gracefully, as SIGQUIT does.', {
      reload: 'N',
    }),
    inDocker: b0('in_docker', false, 'Behave as in a container even when none is detected.'),
    disableDaemonForDocker: b1(
      'disable_daemon_for_docker',
      true,
      'Stay in the foreground in a container, whatever `daemon` says.',
    ),
    asprocess: b0('asprocess', false, 'Quit when the parent process has gone.'),
    emptyIpOk: b1('empty_ip_ok', true, 'Close a client without peer address without an error.', {
      effect: 'accepted',
      reload: 'N',
    }),
    inotifyAutoReload: b0(
      'inotify_auto_reload',
      false,
      'Reload when the configuration file, or one that it includes, changes.',
    ),
    autoReloadForDocker: b1('auto_reload_for_docker', true, 'The same in a container.'),
    pithyPrintMs: ms(
      'pithy_print_ms',
      10_000,
      'Time between two periodic lines about each kind of client; a second at least.',
      { reload: 'A' },
    ),
    tcmallocReleaseRate: float(
      'tcmalloc_release_rate',
      0.8,
      'Rate at which tcmalloc returns memory; without effect, as tcmalloc is not used.',
      { effect: 'accepted', range: { min: 0, max: 10, outside: 'clamp' } },
    ),
    queryLatestVersion: b1(
      'query_latest_version',
      false,
      'Ask the SRS project for its latest version; this server never does.',
      { effect: 'accepted', defaultText: 'off; any word but `off` turns it on' },
    ),
    firstWaitForQlvMs: seconds(
      'first_wait_for_qlv',
      300_000,
      'Wait before the first such question.',
      { effect: 'accepted' },
    ),
    isFull: b0('is_full', false, 'Marks a file as documentation: the server refuses it.', {
      env: 'none',
    }),
  },
  yes,
);

/** FFmpeg child processes of ingest and transcode. */
export const ffmpeg = group(
  {
    logDir: path('ff_log_dir', './objs', 'Directory of FFmpeg logs; `/dev/null` writes none.'),
    logLevel: text('ff_log_level', 'info', '`-loglevel` given to FFmpeg.'),
  },
  { effect: 'accepted' },
);

/** Bounds of this server, in a block of its own: `millrace { loops 4; }`. */
export const millraceFields = {
  loops: int('loops', 0, 'Loop threads that move media, each on one core; 0 starts one per core.', {
    reload: 'X',
    range: { min: 0, max: 256, outside: 'error' },
  }),
  maxMessageBytes: bytes(
    'max_message_bytes',
    16_777_215,
    'Longest RTMP message taken from a peer; the length field allows 2^24 - 1.',
    { range: { min: 1024, max: 16_777_215, outside: 'error' } },
  ),
  maxUnfinishedBytes: bytes(
    'max_unfinished_bytes',
    32 * 1024 * 1024,
    'Bytes that one connection may hold in messages that are not complete yet.',
    { range: { min: 1024, max: 1024 ** 3, outside: 'error' } },
  ),
  maxChunkStreams: int(
    'max_chunk_streams',
    64,
    'RTMP chunk streams that one connection may use; encoders use fewer than ten.',
    { range: { min: 4, max: 65_599, outside: 'error' } },
  ),
  handshakeTimeoutMs: ms(
    'handshake_timeout_ms',
    10_000,
    'Time a peer has for its RTMP or TLS handshake.',
    { range: { min: 100, max: 600_000, outside: 'error' } },
  ),
  requestHeadTimeoutMs: ms(
    'request_head_timeout_ms',
    15_000,
    'Time a peer has to send one HTTP request head.',
    { range: { min: 100, max: 600_000, outside: 'error' } },
  ),
  maxRequestHeadBytes: bytes(
    'max_request_head_bytes',
    65_536,
    'Longest HTTP request line and headers together.',
    { range: { min: 1024, max: 1024 * 1024, outside: 'error' } },
  ),
  maxMetadataBytes: bytes(
    'max_metadata_bytes',
    65_536,
    'Longest onMetaData message that is kept and handed to players.',
    { range: { min: 0, max: 16_777_215, outside: 'error' } },
  ),
  gopCacheMaxBytes: bytes(
    'gop_cache_max_bytes',
    64 * 1024 * 1024,
    'Bytes of the last group of pictures that one stream keeps for new players.',
    { range: { min: 0, max: 16 * 1024 ** 3, outside: 'error' } },
  ),
  ringMaxBytes: bytes(
    'ring_max_bytes',
    32 * 1024 * 1024,
    'Bytes that one rendition of one stream keeps for its players.',
    { range: { min: 65_536, max: 16 * 1024 ** 3, outside: 'error' } },
  ),
  ringMaxMs: ms('ring_max_ms', 10_000, 'Media time that one rendition of one stream keeps.', {
    range: { min: 100, max: 3_600_000, outside: 'error' },
  }),
  slowReaderTimeoutMs: ms(
    'slow_reader_timeout_ms',
    30_000,
    'A player whose socket took no byte for so long is closed.',
    { range: { min: 100, max: 3_600_000, outside: 'error' } },
  ),
  admissionTimeoutMs: ms(
    'admission_timeout_ms',
    30_000,
    'Time in which publish or play must be admitted (callbacks included), else it is refused.',
    { range: { min: 100, max: 600_000, outside: 'error' } },
  ),
  maxPendingAdmissions: int(
    'max_pending_admissions',
    10_000,
    'Sessions that may wait for their admission at once; more are refused.',
    { range: { min: 1, max: 10_000_000, outside: 'error' } },
  ),
  gracefulQuitLimitMs: ms(
    'graceful_quit_limit_ms',
    0,
    'Longest wait for clients to leave in a graceful quit; 0 waits until they have left, as SRS does.',
    { reload: 'N', range: { min: 0, max: 86_400_000, outside: 'error' } },
  ),
  publisherGraceMs: ms(
    'publisher_grace_ms',
    10_000,
    'How long players of HTTP-FLV stay connected after their publisher went, for it to come back; 0 ends them at once, as SRS does.',
    { range: { min: 0, max: 86_400_000, outside: 'error' } },
  ),
  maxConnectionsPerAddress: int(
    'max_connections_per_address',
    0,
    'Connections that one IPv4 address, or one IPv6 /64, may have; 0 is no limit. Trusted proxies may have more.',
    { range: { min: 0, max: 10_000_000, outside: 'error' } },
  ),
  maxWebrtcPendingPerAddress: int(
    'max_webrtc_pending_per_address',
    256,
    'WebRTC sessions of one IPv4 address, or one IPv6 /64, that have been asked for and are not connected yet; 0 is no limit. Trusted proxies may have more.',
    { range: { min: 0, max: 10_000_000, outside: 'error' } },
  ),
  webrtcConnectTimeoutMs: ms(
    'webrtc_connect_timeout_ms',
    30_000,
    'A WebRTC session that is not connected so long after its answer ends.',
    { range: { min: 100, max: 600_000, outside: 'error' } },
  ),
  trustedProxies: networks(
    'trusted_proxies',
    [],
    'Networks of proxies whose PROXY header and `X-Forwarded-For` tell the address of a client, also to `security`. With none, `X-Forwarded-For` of anybody is reported, as by SRS, and decides nothing.',
  ),
  proxyProtocol: words(
    'proxy_protocol',
    PROXIED,
    [],
    'Listeners on which trusted proxies send a PROXY header (version 1 or 2) first.',
  ),
  http2: b1(
    'http2',
    true,
    'HTTP/2 for players that ask for it (ALPN) on `http_server.https.listen`; off leaves HTTP/1.1.',
  ),
  idleTimeoutMs: ms(
    'idle_timeout_ms',
    30_000,
    'A connection that neither publishes nor plays and is silent for so long is closed.',
    { range: { min: 100, max: 3_600_000, outside: 'error' } },
  ),
};
