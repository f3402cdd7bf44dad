import type { Callbacks } from './callbacks/callbacks.ts';
import type { ErrorCode } from './errors/codes.ts';
import { describeError } from './errors/server-error.ts';
import type { EngineRequests } from './http/engine-requests.ts';
import type { Logger } from './log/logger.ts';
import type { RepeatedLines } from './log/repeated-lines.ts';
import type { NativeEngine } from './native/boundary/engine.ts';
import type { HttpRequest } from './native/boundary/http.ts';
import type { MediaStopped, StreamTracks } from './native/boundary/stream.ts';
import type { EventHandlers } from './native/dispatch.ts';
import type { Admissions } from './protocols/admissions.ts';
import type { Signaling } from './protocols/webrtc/signaling.ts';
import type { SrtRelays } from './relay/srt-relays.ts';
import { tracksLine } from './sessions/session-lines.ts';
import { isQuietEnd, type Sessions } from './sessions/sessions.ts';
import { TroubleLines } from './sessions/trouble-lines.ts';
import type { Statistics } from './statistics/statistics.ts';
import { streamUrl } from './streams/stream-key.ts';

/** The parts that events of the engine go to. */
export interface EngineHandlersContext {
  readonly engine: Pick<NativeEngine, 'respond'>;
  readonly sessions: Sessions;
  readonly admissions: Admissions;
  readonly requests: EngineRequests;
  readonly statistics: Statistics;
  readonly callbacks: Pick<Callbacks, 'segment'>;
  readonly signaling: Signaling;
  /** Context of lines that belong to no session. */
  readonly log: Logger;
  readonly lines: RepeatedLines;
  readonly faults: RepeatedLines;
  /** Ends whoever publishes a stream, by its url. */
  readonly disconnectPublisher: (url: string, code: ErrorCode) => void;
  readonly onTracks: (tracks: StreamTracks) => void;
  readonly relays: SrtRelays;
}

/** Which part each event of the engine goes to. Events of sessions that are gone are passed over. */
export function engineHandlers(context: EngineHandlersContext): EventHandlers {
  const { sessions, admissions, statistics, signaling, log, lines, faults } = context;
  const troubles = new TroubleLines();

  const decide = (event: Parameters<Admissions['decide']>[1]): void => {
    const session = sessions.get(event.session);
    if (session) {
      admissions
        .decide(session, event)
        .catch((error: unknown) => session.log.error(`admission: ${describeError(error)}`));
    }
  };

  const stopMedia = (event: MediaStopped): void => {
    statistics.end(event.session);
    sessions.stopMedia(event);
  };

  const answer = async (event: HttpRequest): Promise<void> => {
    context.engine.respond(event.request, await context.requests.answer(event));
  };

  return {
    session_opened: (event) => {
      // A WebRTC session was made by the control plane, which may have it already.
      if (!context.relays.opened(event) && !sessions.get(event.session)) {
        sessions.open(event);
      }
    },
    relay_connected: ({ session }) => context.relays.connected(session),
    connect_requested: (event) => {
      const session = sessions.get(event.session);
      if (session) {
        admissions.connect(session, event);
      }
    },
    publish_requested: decide,
    play_requested: decide,
    hls_session_requested: (event) => {
      if (!sessions.get(event.session)) {
        const { peer_ip: ip, peer_port: port } = event;
        sessions.open({ ...event, ip, port, protocol: 'hls', tls: false });
      }
      decide(event);
    },
    publish_stopped: stopMedia,
    play_stopped: stopMedia,
    session_closed: (event) => {
      if (context.relays.closed(event)) {
        return;
      }
      statistics.close(event, !isQuietEnd(event.code));
      sessions.close(event);
      signaling.onClosed(event);
    },
    stream_tracks: (event) => {
      if (event.video || event.audio) {
        const owner = sessions.get(event.session)?.log ?? log;
        lines.write(owner, 'info', event.stream, tracksLine(event));
      }
      statistics.tracks(event);
      signaling.onTracks(event);
      context.onTracks(event);
    },
    transcoding: (event) => signaling.onTranscoding(event),
    webrtc_connected: (event) => {
      statistics.connected(event);
      signaling.onConnected(event);
    },
    webrtc_trouble: (event) => {
      const owner = sessions.get(event.session);
      const why = signaling.onTrouble(event);
      if (owner && why !== undefined) {
        faults.write(owner.log, 'warn', `webrtc ${owner.ip}`, `webrtc: ${why}`);
      }
    },
    webrtc_layers: (event) => {
      statistics.layers(event);
      signaling.onLayers(event);
    },
    webrtc_sent_layer: (event) => {
      statistics.sentLayer(event);
      signaling.onSentLayer(event);
    },
    http_request: (event) => {
      answer(event).catch((error: unknown) => log.error(`http answer: ${describeError(error)}`));
    },
    hls_segment: ({ vhost, app, stream, ...segment }) => {
      context.callbacks.segment(streamUrl({ vhost, app, stream }), segment);
    },
    output_failed: (event) => {
      const { app, stream, vhost, output, code, detail } = event;
      const url = streamUrl({ vhost, app, stream });
      faults.write(
        log,
        'warn',
        `${output} ${url} ${code}`,
        `${output} of ${url}: ${code}, detail=${detail}`,
      );
      if (event.disconnect) {
        context.disconnectPublisher(url, code);
      }
    },
    trouble: (event) => {
      statistics.trouble(event);
      const session = event.session === undefined ? undefined : sessions.get(event.session);
      const kind = `${event.area} ${event.code} ${session?.ip ?? ''}`;
      troubles.write(session?.log ?? log, kind, event);
    },
  };
}
