import { readFileSync } from 'node:fs';

/** Version of SRS whose configuration, API and URLs this server speaks; API and `-v` say it. */
export const SRS_VERSION = '7.0.18';

/** How the server names itself to peers and in HTTP headers: programs look for `SRS/`. */
export const SIGNATURE = `SRS/${SRS_VERSION}(Millrace)`;

/** Version of this program, from its package. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
