import { JsonNumber, type JsonValue, writeJson } from '../http/json.ts';
import type { ServerIdentity } from '../identity/server-identity.ts';
import type { HlsSegment } from '../native/boundary/hls.ts';
import type { AdmissionRequest } from '../protocols/admission.ts';
import { streamId } from '../streams/stream-id.ts';

/** What is told about one segment of HLS. */
export type SegmentNews = Omit<HlsSegment, 'type' | 'vhost' | 'app' | 'stream' | 'bytes'>;

/** What each event is told with, beside the peer. */
export interface CallbackDetails {
  on_connect: undefined;
  on_close: { readonly bytesIn: number; readonly bytesOut: number };
  on_publish: undefined;
  on_unpublish: undefined;
  on_play: undefined;
  on_stop: undefined;
  /** @param file  path of the recording. */
  on_dvr: { readonly file: string };
  on_hls: SegmentNews;
}

export type CallbackEvent = keyof CallbackDetails;

type Payload = Readonly<Record<string, JsonValue>>;

/** Names of the stream, whose order differs from event to event as in SRS. */
interface Parts {
  readonly stream: { readonly stream: string };
  readonly param: { readonly param: string };
  readonly tcUrl: { readonly tcUrl: string };
  readonly pageUrl: { readonly pageUrl: string };
  readonly ids: { readonly stream_url: string; readonly stream_id: string };
}

/** What follows the keys that all events share, in the order in which SRS sends it. */
const TAILS: {
  readonly [E in CallbackEvent]: (parts: Parts, details: CallbackDetails[E]) => Payload;
} = {
  on_connect: ({ stream, param, tcUrl, pageUrl }) => ({
    ...stream,
    ...param,
    ...tcUrl,
    ...pageUrl,
  }),
  on_close: (_, { bytesIn, bytesOut }) => ({ send_bytes: bytesOut, recv_bytes: bytesIn }),
  on_publish: publishTail,
  on_unpublish: publishTail,
  on_play: ({ stream, tcUrl, param, pageUrl, ids }) => ({
    ...stream,
    ...tcUrl,
    ...param,
    ...pageUrl,
    ...ids,
  }),
  on_stop: publishTail,
  on_dvr: ({ tcUrl, stream, param, ids }, { file }) => ({
    ...tcUrl,
    ...stream,
    ...param,
    cwd: process.cwd(),
    file,
    ...ids,
  }),
  on_hls: ({ tcUrl, stream, param, ids }, segment) => ({
    ...tcUrl,
    ...stream,
    ...param,
    duration: JsonNumber.decimal(segment.duration_ms / 1000),
    cwd: process.cwd(),
    file: segment.file,
    url: segment.url,
    m3u8: segment.m3u8,
    m3u8_url: segment.m3u8_url,
    seq_no: segment.sequence,
    ...ids,
  }),
};

function publishTail({ tcUrl, stream, param, ids }: Parts): Payload {
  return { ...tcUrl, ...stream, ...param, ...ids };
}

/** The JSON that a callback server gets about one event. */
export function callbackBody<E extends CallbackEvent>(
  { serverId, serviceId }: ServerIdentity,
  event: E,
  request: AdmissionRequest,
  details: CallbackDetails[E],
): string {
  const { clientId, ip, key, streamUrl, param, tcUrl, pageUrl } = request;
  const tail = TAILS[event](
    {
      stream: { stream: askedName(request) },
      param: { param },
      tcUrl: { tcUrl },
      pageUrl: { pageUrl },
      ids: { stream_url: streamUrl, stream_id: streamId(serviceId, streamUrl) },
    },
    details,
  );
  return writeJson({
    server_id: serverId,
    service_id: serviceId,
    action: event,
    client_id: clientId,
    ip,
    vhost: key.vhost,
    app: key.app,
    ...tail,
  });
}

/** The JSON that asks a backend where a stream is to be forwarded to. */
export function forwardBody(
  { serverId, serviceId }: ServerIdentity,
  { clientId, ip, key, param, tcUrl }: AdmissionRequest,
): string {
  return writeJson({
    action: 'on_forward',
    server_id: serverId,
    service_id: serviceId,
    client_id: clientId,
    ip,
    vhost: key.vhost,
    app: key.app,
    tcUrl,
    stream: key.stream,
    param,
  });
}

/** Viewers of HLS asked for a playlist, and callbacks of SRS name it. */
function askedName({ protocol, key }: AdmissionRequest): string {
  return protocol === 'hls' ? `${key.stream}.m3u8` : key.stream;
}
