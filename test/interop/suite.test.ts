import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ClipName, clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { type Peer, Peers } from '../support/peers.ts';

// What the black box tests of SRS do with a server: start one for each case with variables alone, publish with ffmpeg,
// record 16 seconds with ffmpeg, look at the file with ffprobe, end the server with SIGINT. All cases at once, as there.
// What the distribution's ffmpeg cannot do (HEVC in FLV) is done by FFmpeg 8.

const HTTP = { SRS_HTTP_SERVER_ENABLED: 'on' };
const REMUX = { ...HTTP, SRS_VHOST_HTTP_REMUX_ENABLED: 'on' };
const GUESS_OFF = { SRS_VHOST_HTTP_REMUX_GUESS_HAS_AV: 'off' };
const HLS = { ...HTTP, SRS_VHOST_HLS_ENABLED: 'on' };

/** Seconds that are recorded. */
const RECORDED = 16;

interface Row {
  /** As there, without `TestFast_` and `TestSlow_`. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clip: ClipName;
  readonly play: (server: MediaServer) => string;
  /** Seconds that the file must have at least. */
  readonly least: number;
  /** Codecs in the file. */
  readonly codecs: readonly string[];
  /** Of ffmpeg, for the publisher. */
  readonly publish?: readonly string[];
  /** Where it publishes, unless by RTMP. */
  readonly to?: (server: MediaServer) => string;
}

const rtmp = (server: MediaServer) => server.rtmp('live/suite');
const flv = (server: MediaServer) => server.http('/live/suite.flv');
const m3u8 = (server: MediaServer) => server.http('/live/suite.m3u8');
const ts = (server: MediaServer) => server.http('/live/suite.ts');
const mp3Mount = (server: MediaServer) => server.http('/live/suite.mp3');
const mount = (name: string) => ({ ...REMUX, SRS_VHOST_HTTP_REMUX_MOUNT: `[vhost]/[app]/${name}` });
/** The harness of SRS gives each server its port. */
const SRT = {
  ...{ SRS_SRT_SERVER_ENABLED: 'on', SRS_SRT_SERVER_LISTEN: '127.0.0.1:0' },
  SRS_VHOST_SRT_ENABLED: 'on',
};
const SRT_TO_RTMP = { ...SRT, SRS_VHOST_SRT_SRT_TO_RTMP: 'on' };
const overSrt = {
  publish: ['-c', 'copy', '-pes_payload_size', '0', '-f', 'mpegts'],
  to: (server: MediaServer) => server.srt('suite', 'publish'),
};
const avc = { clip: 'h264-aac.flv', codecs: ['aac', 'h264'] } as const;
const mp3 = { clip: 'h264-mp3.flv', codecs: ['h264', 'mp3'] } as const;
const hevc = { clip: 'hevc-aac.mp4', codecs: ['aac', 'hevc'] } as const;

const rows: readonly Row[] = [
  { name: 'RtmpPublish_RtmpPlay_Basic', env: {}, ...avc, play: rtmp, least: 16 },
  {
    name: 'RtmpPublish_RtmpPlay_ChunkSize128',
    ...{ env: { SRS_CHUNK_SIZE: '128' }, ...avc, play: rtmp, least: 16 },
  },
  {
    name: 'RtmpPublish_RtmpPlay_EnableATC',
    ...{ env: { SRS_VHOST_PLAY_ATC: 'on' }, ...avc, play: rtmp, least: 16 },
  },
  { name: 'RtmpPublish_HttpFlvPlay_Basic', env: REMUX, ...avc, play: flv, least: 16 },
  { name: 'RtmpPublish_HlsPlay_Basic', env: HLS, ...avc, play: m3u8, least: 8 },
  { name: 'RtmpPublish_RtmpPlay_CodecMP3_Basic', env: {}, ...mp3, play: rtmp, least: 16 },
  {
    name: 'RtmpPublish_HttpFlvPlay_CodecMP3_Basic',
    ...{ env: { ...REMUX, ...GUESS_OFF }, ...mp3, play: flv, least: 16 },
  },
  { name: 'RtmpPublish_HlsPlay_CodecMP3_Basic', env: HLS, ...mp3, play: m3u8, least: 8 },
  { name: 'RtmpPublish_RtmpPlay_HEVC_Basic', env: {}, ...hevc, play: rtmp, least: 16 },
  {
    name: 'RtmpPublish_HttpFlvPlay_HEVC_Basic',
    ...{ env: { ...REMUX, ...GUESS_OFF }, ...hevc, play: flv, least: 16 },
  },
  { name: 'RtmpPublish_HlsPlay_HEVC_Basic', env: HLS, ...hevc, play: m3u8, least: 10.6 },
  {
    name: 'RtmpPublish_HttpMp3Play_CodecMP3_Basic',
    ...{ env: { ...mount('[stream].mp3'), ...GUESS_OFF }, clip: 'h264-mp3.flv', codecs: ['mp3'] },
    ...{ publish: ['-vn', '-c', 'copy', '-f', 'flv'], play: mp3Mount, least: 16 },
  },
  {
    name: 'RtmpPublish_HttpTsPlay_CodecMP3_Basic',
    ...{ env: { ...mount('[stream].ts'), ...GUESS_OFF }, ...mp3, play: ts, least: 16 },
  },
  {
    name: 'RtmpPublish_HttpTsPlay_HEVC_Basic',
    ...{ env: { ...mount('[stream].ts'), ...GUESS_OFF }, ...hevc, play: ts, least: 16 },
  },
  {
    name: 'SrtPublish_SrtPlay_Basic',
    ...{ env: SRT, ...avc, ...overSrt, least: 16 },
    play: (server) => server.srt('suite', 'request'),
  },
  {
    name: 'SrtPublish_RtmpPlay_HEVC_Basic',
    ...{ env: SRT_TO_RTMP, ...hevc, ...overSrt, play: rtmp, least: 16 },
  },
  {
    name: 'SrtPublish_HttpFlvPlay_HEVC_Basic',
    ...{ env: { ...SRT_TO_RTMP, ...REMUX }, ...hevc, ...overSrt, play: flv, least: 16 },
  },
  {
    name: 'SrtPublish_HttpTsPlay_HEVC_Basic',
    ...{
      env: { ...SRT_TO_RTMP, ...mount('[stream].ts') },
      ...hevc,
      ...overSrt,
      play: ts,
      least: 8,
    },
  },
  {
    name: 'SrtPublish_HlsPlay_HEVC_Basic',
    ...{ env: { ...SRT_TO_RTMP, ...HLS }, ...hevc, ...overSrt, play: m3u8, least: 8 },
  },
];

const COPY_AS_FLV = ['-c', 'copy', '-f', 'flv'];

const peers = new Peers();

// Each case is 16 seconds of waiting and little work.
vi.setConfig({ maxConcurrency: 32 });

beforeAll(() => {
  for (const row of rows) {
    clip(row.clip);
  }
}, 180_000);
afterAll(() => peers.clear());

describe('configured by variables alone, a stream published by ffmpeg is recorded', () => {
  it.concurrent.each(rows)(
    '$name',
    async (row) => {
      const server = await MediaServer.startWithEnvironment(row.env);
      const publisher = publish(row, row.to?.(server) ?? server.rtmp('live/suite'));
      const file = await record(row, server);
      await publisher.stop('SIGKILL');
      const { format, streams } = probe(file);
      // A transport stream is never that sure; there those are not asked either.
      expect(format.probe_score).toBeGreaterThanOrEqual(file.endsWith('.flv') ? 90 : 50);
      expect(Number(format.duration)).toBeGreaterThanOrEqual(row.least);
      expect(streams.map(({ codec_name }) => codec_name).sort()).toEqual(row.codecs);
      await server.stop();
    },
    90_000,
  );
});

it('Http_Api_Basic_Auth', async () => {
  const server = await MediaServer.startWithEnvironment({
    SRS_HTTP_API_AUTH_ENABLED: 'on',
    SRS_HTTP_API_AUTH_USERNAME: 'admin',
    SRS_HTTP_API_AUTH_PASSWORD: 'admin',
  });
  const status = async (credentials?: string) => {
    const headers: Record<string, string> =
      credentials === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    return (await fetch(server.api('/api/v1/versions'), { headers })).status;
  };
  expect(await status('admin:admin')).toBe(200);
  expect(await status('admin:123456')).toBe(401);
  expect(await status()).toBe(401);
  await server.stop();
});

const isHevc = ({ codecs }: Row): boolean => codecs.includes('hevc');

/** Publishes a clip again and again, in real time. */
function publish(row: Row, url: string): Peer {
  if (isHevc(row) && row.to === undefined) {
    return peers.enhanced('loop', clip(row.clip), url);
  }
  const input = ['-v', 'error', '-nostdin', '-stream_loop', '-1', '-re', '-i', clip(row.clip)];
  return peers.run('ffmpeg', [...input, ...(row.publish ?? COPY_AS_FLV), url], 90_000);
}

/** Records until there is something: a stream or its playlist may not be there yet. @return the file. */
async function record(row: Row, server: MediaServer): Promise<string> {
  const url = row.play(server);
  // No container that ffprobe reads here has HEVC as FLV carries it.
  const asTs = isHevc(row) || row.play === ts || row.name.includes('SrtPlay');
  const extension = asTs ? 'ts' : row.play === mp3Mount ? 'mp3' : 'flv';
  const file = join(server.place.folder, `recorded.${extension}`);
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (isHevc(row) && (row.play === rtmp || row.play === flv)) {
      await peers.enhanced('record', url, file, String(RECORDED)).done;
    } else {
      const args = ['-v', 'error', '-nostdin', '-t', String(RECORDED), '-i', url, '-c', 'copy'];
      await peers.run('ffmpeg', [...args, '-y', file]).done;
    }
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 1024) {
      return file;
    }
    await delay(row.play === m3u8 ? 3000 : 1000);
  }
  throw new Error(`nothing could be recorded from ${url}`);
}

interface Probe {
  readonly format: { readonly probe_score: number; readonly duration: string };
  readonly streams: readonly { readonly codec_name: string }[];
}

function probe(file: string): Probe {
  const args = ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', file];
  return JSON.parse(execFileSync('ffprobe', args, { timeout: 20_000 }).toString());
}
