import { ServerError } from '../errors/server-error.ts';
import type { AudioTrack, VideoTrack } from '../native/boundary/stream.ts';
import type { StreamEntry } from '../statistics/entries.ts';
import { audioProfileName, videoLevelName, videoProfileName } from '../streams/codec-names.ts';
import { type ApiResource, answerHead } from './api-context.ts';
import { LIST, redirectToSlash, refuseOtherMethods } from './methods.ts';
import { type PageQuery, pageOf } from './pages.ts';
import {
  answer,
  boolean,
  idParams,
  integer,
  kbps,
  listOf,
  object,
  objectWithOptional,
  orNull,
  pageQuery,
  text,
} from './schemas.ts';
import { kbpsJson } from './vhosts.ts';

const stream = object({
  id: text,
  name: text,
  vhost: { ...text, description: 'id of its vhost' },
  app: text,
  tcUrl: { ...text, description: 'of the client that came first' },
  url: text,
  live_ms: { ...integer, description: 'now, by the clock of the server' },
  clients: { ...integer, description: 'publisher and players' },
  frames: { ...integer, description: 'video frames that were published' },
  send_bytes: integer,
  recv_bytes: integer,
  kbps,
  publish: objectWithOptional(
    { active: boolean, cid: { ...text, description: 'id of who publishes, or was the last to' } },
    'cid',
  ),
  video: orNull(
    object({ codec: text, profile: text, level: text, width: integer, height: integer }),
  ),
  audio: orNull(object({ codec: text, sample_rate: integer, channel: integer, profile: text })),
});

/** `/api/v1/streams/`: streams that somebody publishes or plays. */
export const streams: ApiResource = (app, context) => {
  const { statistics } = context;
  redirectToSlash(app, '/api/v1/streams/');
  refuseOtherMethods(app, '/api/v1/streams/', LIST);
  refuseOtherMethods(app, '/api/v1/streams/:id', LIST);
  app.route<{ Querystring: PageQuery }>({
    method: LIST,
    url: '/api/v1/streams/',
    schema: {
      summary: 'Streams that somebody publishes or plays',
      querystring: pageQuery,
      response: { 200: answer({ streams: listOf(stream) }) },
    },
    handler: ({ query }) => ({
      ...answerHead(context),
      streams: pageOf(statistics.streams.values(), query, streamJson),
    }),
  });
  app.route<{ Params: { id: string } }>({
    method: LIST,
    url: '/api/v1/streams/:id',
    schema: {
      summary: 'One stream',
      params: idParams,
      response: { 200: answer({ stream }) },
    },
    handler: ({ params }) => {
      const found = statistics.stream(params.id);
      if (!found) {
        throw new ServerError('STREAM_NOT_FOUND', params.id);
      }
      return { ...answerHead(context), stream: streamJson(found) };
    },
  });
};

function streamJson(entry: StreamEntry) {
  const { traffic, publisher, publisherId, video, audio } = entry;
  return {
    id: entry.id,
    name: entry.name,
    vhost: entry.vhost.id,
    app: entry.app,
    tcUrl: entry.tcUrl,
    url: entry.url,
    live_ms: Date.now(),
    clients: entry.clients,
    frames: entry.counts.video_frames,
    send_bytes: traffic.sent,
    recv_bytes: traffic.received,
    kbps: kbpsJson(traffic),
    publish: {
      active: publisher !== undefined,
      ...(publisherId === '' ? {} : { cid: publisherId }),
    },
    video: video ? videoJson(video) : null,
    audio: audio ? audioJson(audio) : null,
  };
}

function videoJson({ codec, profile, level, width, height }: VideoTrack) {
  return {
    codec: codec === 'H265' ? 'HEVC' : codec,
    profile: videoProfileName(codec, profile),
    level: videoLevelName(codec, level),
    width,
    height,
  };
}

function audioJson({ codec, sample_rate, channels, profile }: AudioTrack) {
  return { codec, sample_rate, channel: channels, profile: audioProfileName(codec, profile) };
}
