import type { VhostConfig } from '../config/millrace-config.ts';
import { errorTable } from '../errors/codes.ts';
import type { ConnectRequested } from '../native/boundary/rtmp.ts';
import type { SessionClosed, Trouble } from '../native/boundary/session.ts';
import type {
  AudioTrack,
  PlayRequested,
  PublishRequested,
  StreamTracks,
  VideoTrack,
} from '../native/boundary/stream.ts';
import { audioProfileName, videoLevelName, videoProfileName } from '../streams/codec-names.ts';
import type { StreamState } from '../streams/registry.ts';
import type { Session } from './session.ts';

/**
 * Texts of log lines about sessions. They begin as those of SRS do, because operators search for these
 * words; one event makes one line.
 */

/** Longest part of a line that a peer may fill with one value. */
const MAX_VALUE = 512;

export function openedLine({ protocol, tls, ip, port }: Session): string {
  return `${label(protocol, tls)} client ip=${ip}:${port}`;
}

/** `rtmp` as lines name it: `RTMP`, `RTMPS`, `HTTP-FLV`. */
function label(protocol: string, tls: boolean): string {
  return `${protocol.toUpperCase().replaceAll('_', '-')}${tls ? 'S' : ''}`;
}

export function connectLine(event: ConnectRequested): string {
  const { tc_url, page_url, swf_url, schema, vhost, port, app, proxied_ip } = event;
  const proxied = proxied_ip ? `RTMP proxy real client ip=${proxied_ip}, ` : '';
  return (
    `${proxied}connect app, tcUrl=${cut(hideSecrets(tc_url))}, pageUrl=${cut(page_url)}, swfUrl=${cut(swf_url)}, ` +
    `schema=${cut(schema)}, vhost=${cut(vhost)}, port=${port}, app=${cut(app)}, args=null`
  );
}

/** @param tokenParam  parameter of the query that holds tokens. */
export function identifiedLine(
  event: PublishRequested | PlayRequested,
  tokenParam?: string,
): string {
  const { vhost, app, stream, param } = event;
  const publishes = event.type === 'publish_requested';
  const type = publishes ? `${event.form}-publish` : `${event.protocol.replaceAll('_', '-')}-play`;
  const durationMs = publishes ? 0 : (event.duration_ms ?? 0);
  return (
    `client identified, type=${type}, vhost=${cut(vhost)}, app=${cut(app)}, ` +
    `stream=${cut(stream)}, param=${cut(hideSecrets(param, tokenParam))}, duration=${durationMs}ms`
  );
}

export function publishLine(vhost: VhostConfig, stream: StreamState, ip: string): string {
  const { mr, mrLatencyMs, firstpktTimeoutMs, normalTimeoutMs } = vhost.publish;
  return (
    `start publish mr=${flag(mr)}/${mrLatencyMs}, p1stpt=${firstpktTimeoutMs}, ` +
    `pnt=${normalTimeoutMs}, tcp_nodelay=${flag(vhost.tcpNodelay)}, ${sourceText(vhost, stream, ip)}`
  );
}

export function playLine(vhost: VhostConfig, stream: StreamState, ip: string): string {
  const { play } = vhost;
  return (
    `start play smi=${play.sendMinIntervalMs}ms, mw_sleep=${play.mwLatencyMs}, ` +
    `mw_msgs=${play.mwMsgs}, realtime=${flag(vhost.minLatency)}, ` +
    `tcp_nodelay=${flag(vhost.tcpNodelay)}, ${sourceText(vhost, stream, ip)}`
  );
}

function sourceText({ play }: VhostConfig, stream: StreamState, ip: string): string {
  const { url, sourceId, previousSourceId } = stream;
  return (
    `source url=${url}, ip=${ip}, cache=${flag(play.gopCache)}/${play.gopCacheMaxFrames}, ` +
    `is_edge=0, source_id=${sourceId}/${previousSourceId}`
  );
}

export function tracksLine({ video, audio }: StreamTracks): string {
  const parts = [`got metadata, width=${video?.width ?? 0}, height=${video?.height ?? 0}`];
  if (video) {
    parts.push(`video sh, codec(${videoText(video)})`);
  }
  if (audio) {
    parts.push(`audio sh, codec(${audioText(audio)})`);
  }
  return parts.join(', ');
}

/** Codec ids of FLV (Adobe FLV 10.1, E.4.2.1 and E.4.3.1), by which SRS names codecs in its log. */
const FLV_CODEC_IDS: Readonly<Record<string, number>> = { H264: 7, H265: 12, AAC: 10, MP3: 2 };

function videoText({ codec, profile, level, width, height }: VideoTrack): string {
  const id = FLV_CODEC_IDS[codec] ?? codec;
  return (
    `${id}, profile=${videoProfileName(codec, profile)}, ` +
    `level=${videoLevelName(codec, level)}, ${width}x${height}`
  );
}

function audioText({ codec, profile, channels, sample_rate }: AudioTrack): string {
  const id = FLV_CODEC_IDS[codec] ?? codec;
  const name = audioProfileName(codec, profile);
  return `${id}, profile=${name}, ${channels}channels, ${sample_rate}HZ`;
}

const NO_ERROR = { number: 0, text: 'as it should' } as const;

export function closedLine(event: SessionClosed): string {
  const { number, text } = event.code === 'NONE' ? NO_ERROR : errorTable[event.code];
  const { bytes_in, bytes_out, skips, detail } = event;
  return (
    `client disconnect peer. ret=${number}(${text}), detail=${detail}, ` +
    `recv=${bytes_in}B, send=${bytes_out}B, skips=${skips}`
  );
}

export function troubleLine({ area, code, detail, count, ip, port }: Trouble): string {
  const { number, text } = errorTable[code];
  const last = ip ? `, last ip=${ip}:${port}` : '';
  return `${area}: code=${number}(${text}), detail=${detail}, ${count} times${last}`;
}

/** A log is read by more people than may publish and play. */
function hideSecrets(text: string, tokenParam = 'token'): string {
  return text.replace(/([?&;,]([^=&;,?]*)=)[^&;,]*/g, (pair, start: string, name: string) =>
    name === tokenParam || name === 'token' || name === 'pass' ? `${start}***` : pair,
  );
}

function flag(on: boolean): number {
  return on ? 1 : 0;
}

function cut(value: string): string {
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}...` : value;
}
