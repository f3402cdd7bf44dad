import { ServerError } from '../../errors/server-error.ts';
import type { RequestedName } from '../../native/boundary/names.ts';

/** An offer, whichever way it came. */
export interface OfferRequest {
  readonly action: 'publish' | 'play';
  readonly sdp: string;
  readonly name: RequestedName;
  /** Query of the HTTP request: options of the session. */
  readonly query: URLSearchParams;
  /** `Host` of the HTTP request, without its port. */
  readonly host: string;
  /** Address of the other end of the HTTP connection. */
  readonly peerIp: string;
}

/** `Host` without port and brackets. */
export function hostName(header: string | undefined): string {
  const [, v6, name] = /^(?:\[([0-9a-f:.]+)\]|([^:]*))(?::\d*)?$/i.exec(header ?? '') ?? [];
  return v6 ?? name ?? '';
}

/** Longest query that callbacks are told. */
const MAX_PARAM = 8192;

/**
 * Name and parameters of a WHIP or WHEP request; SRS's defaults where the query has none.
 * @param query  as in the request target, without its `?`.
 */
export function whipName(query: string, host: string): RequestedName {
  const parameters = new URLSearchParams(query);
  return {
    vhost: parameters.get('vhost') || parameters.get('domain') || host,
    app: parameters.get('app') || 'live',
    stream: parameters.get('stream') || 'livestream',
    param: query.slice(0, MAX_PARAM),
    tc_url: '',
    page_url: '',
  };
}

/**
 * Name and parameters of a `streamurl` of the JSON API, e.g. `webrtc://host:1985/live/livestream?k=v`.
 * @throws ServerError `RTC_REQUEST_INVALID`.
 */
export function streamUrlName(streamUrl: string, action: 'publish' | 'play'): RequestedName {
  const [, authority = '', path = '', query = ''] =
    /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)\/([^?#]*)(\?[^#]*)?/i.exec(streamUrl.slice(0, MAX_PARAM)) ??
    [];
  const segments = path.split('/').filter((segment) => segment !== '');
  const stream = segments.pop();
  if (stream === undefined || segments.length === 0) {
    throw new ServerError('RTC_REQUEST_INVALID', 'streamurl has no app and stream');
  }
  const parameters = new URLSearchParams(query.slice(1));
  const app = segments.join('/');
  return {
    vhost: parameters.get('vhost') || parameters.get('domain') || hostName(authority),
    app,
    stream,
    param: action === 'publish' ? (query === '' ? 'upstream=rtc' : `${query}&upstream=rtc`) : query,
    tc_url: `webrtc://${authority}/${app}`,
    page_url: '',
  };
}
