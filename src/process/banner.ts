import { isIPv6 } from 'node:net';
import type { Endpoint } from '../config/endpoint.ts';
import { DEFAULT_VHOST, type MillraceConfig } from '../config/millrace-config.ts';
import { mountFormat } from '../config/mount-format.ts';
import type { ListenerPurpose, OpenListener } from '../listeners.ts';

/** What the banner tells. */
export interface BannerFacts {
  /** Name and version of the program. */
  readonly title: string;
  readonly pid: number;
  /** Where log lines go, in words. */
  readonly log: string;
  readonly config: MillraceConfig;
  readonly ports: readonly OpenListener[];
  /** Address by which others reach this machine, for listeners on every interface. */
  readonly host: string;
}

type Row = readonly [name: string, value: string];

const NAMES: Readonly<Record<ListenerPurpose, string>> = {
  rtmp: 'RTMP',
  rtmps: 'RTMPS',
  http: 'HTTP',
  https: 'HTTPS',
  caster: 'FLV caster',
  api: 'HTTP API',
  apis: 'HTTPS API',
  exporter: 'Metrics',
  srt: 'SRT',
  mpegts: 'MPEG-TS',
  rtc: 'WebRTC',
  rtc_tcp: 'WebRTC TCP',
};
const APP = 'live';
const STREAM = 'livestream';

/**
 * What a person at a terminal wants to know after the start: what listens where, and lines to paste.
 * Plain text, aligned, ending with an empty line.
 */
export function bannerText(facts: BannerFacts): string {
  const sections: readonly (readonly [string, readonly Row[]])[] = [
    ['Listening', facts.ports.map((port) => listenerRow(port))],
    ['Publish', [...publishRows(facts), ...rtmpsRows(facts)]],
    ['Play', [...playRows(facts), ...rtmpsRows(facts), ...overHttp(facts)]],
  ];
  const shown = sections.filter(([, rows]) => rows.length > 0);
  const width = Math.max(0, ...shown.flatMap(([, rows]) => rows.map(([name]) => name.length)));
  const lines = [`${facts.title}, pid ${facts.pid}, log ${facts.log}`];
  for (const [heading, rows] of shown) {
    rows.forEach(([name, value], index) => {
      const first = (index === 0 ? heading : '').padEnd(HEADING_WIDTH);
      lines.push(`${first}${name.padEnd(width)}  ${value}`);
    });
    lines.push('');
  }
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)));
  return `${[rule, lines[0], rule, ...lines.slice(1, -1), rule].join('\n')}\n`;
}

const HEADING_WIDTH = 'Listening'.length + 3;

function listenerRow({ purpose, endpoint }: OpenListener): Row {
  const { address, port } = endpoint;
  const everywhere = isAny(address) ? ', every address' : '';
  return [NAMES[purpose], `${bracketed(address)}:${port}${everywhere}`];
}

function publishRows(facts: BannerFacts): Row[] {
  const rows: Row[] = [];
  const server = rtmpUrl(facts);
  const srt = srtUrl(facts, 'publish');
  if (server !== undefined) {
    rows.push(
      ['OBS server', server],
      ['OBS stream key', STREAM],
      ['FFmpeg', `ffmpeg -re -i file.mp4 -c copy -f flv ${server}/${STREAM}`],
    );
  }
  if (srt !== undefined) {
    rows.push(['SRT', `ffmpeg -re -i file.mp4 -c copy -f mpegts '${srt}'`]);
  }
  const caster = facts.ports.find(({ purpose }) => purpose === 'caster');
  if (caster) {
    const base = `http://${reachable(caster.endpoint, facts.host)}:${caster.endpoint.port}`;
    rows.push(['POST', `${base}/${APP}/${STREAM}.flv`]);
  }
  return rows;
}

function playRows(facts: BannerFacts): Row[] {
  const rows: Row[] = [];
  const server = rtmpUrl(facts);
  if (server !== undefined) {
    rows.push(['RTMP', `${server}/${STREAM}`]);
  }
  const srt = srtUrl(facts, 'request');
  if (srt !== undefined) {
    rows.push(['SRT', `ffplay '${srt}'`]);
  }
  const http = facts.ports.find(({ purpose }) => purpose === 'http');
  const vhost = facts.config.vhosts.get(DEFAULT_VHOST);
  if (!http || !vhost) {
    return rows;
  }
  const base = `http://${reachable(http.endpoint, facts.host)}:${http.endpoint.port}`;
  const { httpRemux, hls } = vhost;
  for (const mount of httpRemux.enabled ? httpRemux.mounts : []) {
    rows.push([`HTTP-${mountFormat(mount)?.toUpperCase()}`, `${base}/${filled(mount)}`]);
  }
  if (hls.enabled) {
    rows.push(['HLS', `${base}/${filled(hls.m3u8File)}`]);
  }
  return rows;
}

/** The same over TLS. */
function rtmpsRows({ ports, host }: BannerFacts): Row[] {
  return ports
    .filter(({ purpose }) => purpose === 'rtmps')
    .slice(0, 1)
    .map(({ endpoint }) => {
      const server = `rtmps://${reachable(endpoint, host)}:${endpoint.port}/${APP}`;
      return ['RTMPS', `${server}/${STREAM}`];
    });
}

/** Other ways to what is served over HTTP. */
function overHttp({ ports, host, config }: BannerFacts): Row[] {
  const rows: Row[] = [];
  const remux = config.vhosts.get(DEFAULT_VHOST)?.httpRemux;
  const http = ports.find(({ purpose }) => purpose === 'http');
  const https = ports.find(({ purpose }) => purpose === 'https');
  if (http && remux?.enabled) {
    const where = `${reachable(http.endpoint, host)}:${http.endpoint.port}`;
    rows.push(...remux.mounts.map((mount): Row => ['WebSocket', `ws://${where}/${filled(mount)}`]));
  }
  if (https) {
    const where = `${reachable(https.endpoint, host)}:${https.endpoint.port}`;
    rows.push(['HTTPS', `https://${where}, with the same paths`]);
  }
  return rows;
}

/** Where OBS connects to; undefined when there is no RTMP. */
function rtmpUrl({ ports, host }: BannerFacts): string | undefined {
  const rtmp = ports.find(({ purpose }) => purpose === 'rtmp');
  if (!rtmp) {
    return undefined;
  }
  const { port } = rtmp.endpoint;
  return `rtmp://${reachable(rtmp.endpoint, host)}${port === 1935 ? '' : `:${port}`}/${APP}`;
}

/** What an SRT caller connects to; undefined when there is no SRT. */
function srtUrl({ ports, host, config }: BannerFacts, mode: 'publish' | 'request') {
  const srt = ports.find(({ purpose }) => purpose === 'srt');
  if (!srt || !config.vhosts.get(DEFAULT_VHOST)?.srt.enabled) {
    return undefined;
  }
  const { endpoint } = srt;
  const where = `srt://${reachable(endpoint, host)}:${endpoint.port}`;
  return `${where}?streamid=#!::r=${APP}/${STREAM},m=${mode}`;
}

/** A path template of the default vhost, with the names of the example. */
function filled(template: string): string {
  return template
    .replaceAll('[vhost]', '')
    .replaceAll('[app]', APP)
    .replaceAll('[stream]', STREAM)
    .replace(/^\/+/, '');
}

function reachable({ address }: Endpoint, host: string): string {
  return bracketed(isAny(address) ? host : address);
}

function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}
