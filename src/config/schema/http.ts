import { b0, b1, block, endpoints, list, path, port, text } from './build.ts';

const key = path('key', './conf/server.key', 'Private key, PEM.');
const cert = path('cert', './conf/server.crt', 'Certificate chain, PEM.');

export const httpApi = block(
  'http_api',
  'The HTTP API.',
  {
    enabled: b0('enabled', false, 'Whether the API is served.'),
    listen: endpoints('listen', port(1985), 'Where API clients connect.'),
    crossdomain: b1('crossdomain', true, 'Answer with CORS headers that allow every origin.', {
      reload: 'N',
    }),
    rawApi: block(
      'raw_api',
      'Control over the server itself.',
      {
        enabled: b0('enabled', false, 'Whether `/api/v1/raw` is served.'),
        allowReload: b0('allow_reload', false, 'Whether `rpc=reload` reloads the configuration.'),
      },
      {
        reload: 'N',
        unknown: 'warning',
        ignored: {
          allow_query: 'SRS took it out; the configuration cannot be read over HTTP',
          allow_update: 'SRS took it out; the configuration cannot be changed over HTTP',
        },
      },
    ),
    auth: block(
      'auth',
      'Who may use the API: HTTP Basic authentication, or bearer tokens.',
      {
        enabled: b0('enabled', false, 'Whether paths with `/api/` ask for a password or a token.'),
        username: text('username', '', 'User name.'),
        password: text('password', '', 'Password.'),
        tokens: list('tokens', [], 'Tokens, each as good as the password.', {
          defaultText: 'none',
          since: 'millrace',
        }),
      },
      { reload: 'N' },
    ),
    https: block(
      'https',
      'The API over TLS.',
      {
        enabled: b0('enabled', false, 'Whether the API is served over TLS too.'),
        listen: endpoints('listen', undefined, 'Where TLS clients of the API connect.', {
          defaultText: '1990; the one of http_server.https when both `listen` are the same',
        }),
        key,
        cert,
      },
      { unknown: 'warning' },
    ),
  },
  { effect: 'yes', since: 'srs', reload: 'A' },
);

export const httpServer = block(
  'http_server',
  'Static files, HLS, DASH, and live streams over HTTP.',
  {
    enabled: b0('enabled', false, 'Whether the HTTP server runs.'),
    listen: endpoints('listen', port(8080), 'Where HTTP clients connect.'),
    dir: path('dir', './objs/nginx/html', 'Root of static files.', { reload: 'N' }),
    crossdomain: b1('crossdomain', true, 'Answer with CORS headers that allow every origin.', {
      reload: 'N',
    }),
    https: block(
      'https',
      'The HTTP server over TLS.',
      {
        enabled: b0('enabled', false, 'Whether HTTPS is served too.'),
        listen: endpoints('listen', port(8088), 'Where HTTPS clients connect.'),
        key,
        cert,
      },
      { unknown: 'warning' },
    ),
  },
  { effect: 'yes', since: 'srs', reload: 'A' },
);
