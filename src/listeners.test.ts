import { describe, expect, it } from 'vitest';
import { configFromObject } from './config/from-object.ts';
import type { ConfigInput } from './config/millrace-config.ts';
import { planListeners, sharesHttpPort } from './listeners.ts';

function plan(input: ConfigInput): string[] {
  return planListeners(configFromObject(input)).map(
    ({ purpose, directive, endpoint, tls }) =>
      `${purpose} ${directive} ${endpoint.port}${tls ? ` ${tls.certificateFile}` : ''}`,
  );
}

describe('planListeners', () => {
  it('names what is on, in the order in which it is opened', () => {
    expect(
      plan({
        rtmp: { listen: [1935, '[::1]:1936'] },
        rtmps: { enabled: true, listen: 1443, cert: 'a.crt' },
        httpServer: { enabled: true, https: { enabled: true, cert: 'b.crt' } },
        httpApi: { enabled: true, https: { enabled: true, cert: 'c.crt' } },
      }),
    ).toEqual([
      'rtmp listen 1935',
      'rtmp listen 1936',
      'rtmps rtmps.listen 1443 a.crt',
      'http http_server.listen 8080',
      'https http_server.https.listen 8088 b.crt',
      'api http_api.listen 1985',
      'apis http_api.https.listen 1990 c.crt',
    ]);
  });

  it('opens a port that API and HTTP server share once', () => {
    const input: ConfigInput = {
      rtmp: { listen: 1935 },
      httpServer: { enabled: true, listen: 8080 },
      httpApi: { enabled: true, listen: 8080 },
    };
    expect(plan(input)).toEqual(['rtmp listen 1935', 'http http_server.listen 8080']);
    expect(sharesHttpPort(configFromObject(input))).toBe(true);
  });

  it('does not take two ports that the system chooses for one', () => {
    expect(
      plan({ httpServer: { enabled: true, listen: 0 }, httpApi: { enabled: true, listen: 0 } }),
    ).toEqual(['http http_server.listen 0', 'api http_api.listen 0']);
  });
});
