import type { HlsSessionRequested } from '../native/boundary/hls.ts';
import type { ConnectRequested } from '../native/boundary/rtmp.ts';
import type { PlayRequested, PublishRequested } from '../native/boundary/stream.ts';
import type { AdmissionRequest } from '../protocols/admission.ts';
import type { StreamKey } from '../streams/stream-key.ts';

/** What a client said about itself when it asked to publish or to play. */
export interface ClientDescription {
  readonly key: StreamKey;
  readonly streamUrl: string;
  /** Label of the protocol, e.g. `http_flv`. */
  readonly protocol: string;
  /** Kind of client as SRS names it, e.g. `flv-play`. */
  readonly type: string;
  /** Name of the stream with the extension by which it was asked for, e.g. `livestream.flv`. */
  readonly name: string;
  readonly ip: string;
  readonly tcUrl: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
}

/** Names that SRS has for clients of each protocol. Players of all forms over HTTP are `flv-play`. */
const TYPES: Readonly<Record<string, string>> = {
  'rtmp play': 'rtmp-play',
  'http_flv play': 'flv-play',
  'http_flv publish': 'flash-publish',
  'http_ts play': 'flv-play',
  'http_aac play': 'flv-play',
  'http_mp3 play': 'flv-play',
  'hls play': 'hls-play',
  'srt play': 'srt-play',
  'srt publish': 'srt-publish',
  'webrtc play': 'rtc-play',
  'webrtc publish': 'rtc-publish',
  'rtc play': 'rtc-play',
  'rtc publish': 'rtc-publish',
  'rtsp play': 'rtsp-play',
};

type MediaRequested = PublishRequested | PlayRequested | HlsSessionRequested;

/** Puts together what API and metrics say about a client. */
export function describeClient(
  session: { readonly connect: ConnectRequested | undefined },
  event: MediaRequested,
  request: AdmissionRequest,
): ClientDescription {
  const { action, protocol, key, streamUrl, ip, pageUrl } = request;
  return {
    key,
    streamUrl,
    protocol,
    type:
      event.type === 'publish_requested' && protocol === 'rtmp'
        ? `${event.form}-publish`
        : typeOf(protocol, action),
    name: askedName(event, key.stream),
    ip,
    tcUrl: event.type === 'play_requested' ? httpTcUrl(event) : event.tc_url,
    pageUrl,
    swfUrl: session.connect?.swf_url ?? '',
  };
}

/** What is said about a client that came with an offer in an HTTP request. */
export function describeOffered(request: AdmissionRequest): ClientDescription {
  const { action, protocol, key, streamUrl, ip, pageUrl, tcUrl } = request;
  return {
    ...{ key, streamUrl, protocol, ip, tcUrl, pageUrl, swfUrl: '', name: key.stream },
    type: typeOf(protocol, action),
  };
}

/** Protocols that SRS does not know are named as its own are. */
function typeOf(protocol: string, action: AdmissionRequest['action']): string {
  return TYPES[`${protocol} ${action}`] ?? `${protocol.replaceAll('_', '-')}-${action}`;
}

function askedName(event: MediaRequested, stream: string): string {
  if (event.type === 'hls_session_requested') {
    return event.path.slice(event.path.lastIndexOf('/') + 1) || stream;
  }
  const isFile = event.type === 'play_requested' && event.protocol.startsWith('http_');
  return isFile ? `${stream}.${event.format}` : stream;
}

/** Callbacks of SRS name `rtmp://vhost/app` for players over HTTP, its API the url that was asked. */
function httpTcUrl({ protocol, tc_url, host, app }: PlayRequested): string {
  return protocol.startsWith('http_') && host ? `http://${host}/${app}` : tc_url;
}
