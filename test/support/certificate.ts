import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Makes `server.key` and a self-signed `server.crt` for 127.0.0.1 in a folder. */
export function makeCertificate(folder: string): void {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', join(folder, 'server.key'), '-out', join(folder, 'server.crt')],
    ],
    { stdio: 'ignore', timeout: 10_000 },
  );
}
