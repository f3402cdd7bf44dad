import type { VhostConfig } from '../config/millrace-config.ts';
import { ServerError } from '../errors/server-error.ts';

/**
 * Applies one list of `refer`: the host of the page that holds the player must end with one of the
 * domains. An empty list allows every page.
 * @param list     which list of the block.
 * @param pageUrl  what the peer said; without one no domain matches.
 * @throws ServerError `REFERER_DENIED`.
 */
export function checkReferer(
  refer: VhostConfig['refer'],
  list: 'all' | 'publish' | 'play',
  pageUrl: string,
): void {
  const domains = refer[list];
  if (!refer.enabled || domains.length === 0) {
    return;
  }
  const host = hostOf(pageUrl);
  if (!domains.some((domain) => host.endsWith(domain.toLowerCase()))) {
    throw new ServerError('REFERER_DENIED', `page "${host}" is none of refer.${list}`);
  }
}

/** The host of a URL, also of one without scheme; empty when there is none. */
function hostOf(url: string): string {
  const found = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@?#]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(url);
  return (found?.[1] ?? '').toLowerCase();
}
