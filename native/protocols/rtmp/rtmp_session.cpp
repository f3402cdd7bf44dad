#include "protocols/rtmp/rtmp_session.hpp"

#include <algorithm>
#include <variant>

#include "protocols/rtmp/rtmp_muxer.hpp"

namespace millrace::rtmp {

namespace {

SessionLimits session_limits(const Limits& limits) {
  SessionLimits session;
  session.chunks.max_message_bytes =
      static_cast<uint32_t>(std::min<size_t>(limits.max_message_bytes, kMaxMessageBytes));
  session.chunks.max_unfinished_bytes =
      static_cast<uint32_t>(std::min<size_t>(limits.max_unfinished_bytes, UINT32_MAX));
  session.chunks.max_chunk_streams =
      static_cast<uint32_t>(std::min<size_t>(limits.max_chunk_streams, 65597));
  return session;
}

}  // namespace

RtmpSession::RtmpSession(LoopContext& context, Accepted accepted)
    : Session(context, "rtmp"),
      connection_(std::make_unique<Connection>(context.loop, std::move(accepted.fd), accepted.peer,
                                               std::move(accepted.tls),
                                               static_cast<Connection::Owner&>(*this))),
      protocol_(session_limits(context.limits), context.sessions.random()),
      local_port_(accepted.local_port),
      deadline_([this] { on_deadline(); }),
      play_duration_([this] {
        stop_playing(ErrorCode::kNone);
        protocol_.notify_play_stopped(ServerSession::PlayEnd::kComplete);
        give_up({ErrorCode::kNone});
      }),
      merged_read_([this] { connection_->resume_reading(); }) {}

RtmpSession::~RtmpSession() = default;

void RtmpSession::start() {
  // Told with the first bytes and not before: a port scan is no session, but it has a deadline too.
  context().loop.arm_in(deadline_, context().limits.handshake_timeout);
  connect_deadline_ =
      context().loop.now() + context().limits.handshake_timeout + context().limits.idle_timeout;
  tell_opened(connection_->peer(), local_port_, connection_->is_tls());
  if (!connection_->start()) {
    end({ErrorCode::kOutOfDescriptors});
  }
}

// ---- bytes
// -----------------------------------------------------------------------------------------

void RtmpSession::on_bytes(Bytes bytes) {
  protocol_.feed(bytes);
  drain();
  if (ingest_ && mr_latency_ms_ != 0 && !finished()) {
    connection_->pause_reading();
    context().loop.arm_in(merged_read_, milliseconds(mr_latency_ms_));
  }
}

void RtmpSession::drain() {
  if (draining_) {
    return;
  }
  draining_ = true;
  while (!finished()) {
    auto event = protocol_.poll();
    if (!event.ok()) {
      draining_ = false;
      return fail(event.error());
    }
    if (!event->has_value()) {
      break;
    }
    handle(**event);
  }
  draining_ = false;
  if (!finished()) {
    flush_output();
  }
}

void RtmpSession::flush_output() {
  if (finished()) {
    return;
  }
  const Bytes output = protocol_.pending_output();
  if (output.empty()) {
    return;
  }
  if (player_ && player_->reader) {
    player_->reader->write_between_frames(output);
  } else {
    connection_->write(output);
  }
  protocol_.consume_output(output.size());
}

void RtmpSession::on_writable() {
  if (player_ && player_->reader) {
    player_->reader->pump();
  }
}

void RtmpSession::on_closed(Error error) { end(error); }

void RtmpSession::on_reader_stalled() { fail({ErrorCode::kSlowReader}); }

// ---- events of the protocol
// ------------------------------------------------------------------------

void RtmpSession::handle(Event& event) {
  if (const auto* media = std::get_if<MediaMessage>(&event)) {
    on_media(*media);
  } else if (auto* connect = std::get_if<ConnectRequest>(&event)) {
    ask_connect(*connect);
  } else if (const auto* publish = std::get_if<PublishRequest>(&event)) {
    ask_publish(*publish);
  } else if (const auto* play = std::get_if<PlayRequest>(&event)) {
    ask_play(*play);
  } else if (std::holds_alternative<StopPublish>(event)) {
    stop_publishing(ErrorCode::kNone);
  } else if (std::holds_alternative<StopPlay>(event)) {
    stop_playing(ErrorCode::kNone);
  } else if (const auto* pause = std::get_if<Pause>(&event)) {
    if (player_) {
      player_->paused = pause->on;
      attach_player();
    }
  } else if (const auto* audio = std::get_if<ReceiveAudio>(&event)) {
    if (player_ && player_->audio != audio->on) {
      player_->audio = audio->on;
      attach_player();
    }
  } else if (const auto* video = std::get_if<ReceiveVideo>(&event)) {
    if (player_ && player_->video != video->on) {
      player_->video = video->on;
      attach_player();
    }
  }
}

void RtmpSession::ask_connect(ConnectRequest& request) {
  connect_ = std::move(request);
  const auto url = resolve_tc_url(connect_.tc_url);
  if (!url.ok()) {
    protocol_.reject_connect(error_info(url.error().code).text);
    return give_up(url.error());
  }
  asked_ = Asked::kConnect;
  std::string proxied_ip;
  if (const auto address = protocol_.proxied_address()) {
    for (const uint8_t part : *address) {
      proxied_ip += (proxied_ip.empty() ? "" : ".") + std::to_string(part);
    }
  }
  ask({{"type", "connect_requested"},
       {"proxied_ip", proxied_ip},
       {"tc_url", connect_.tc_url},
       {"page_url", connect_.page_url},
       {"swf_url", connect_.swf_url},
       {"flash_version", connect_.flash_ver},
       {"schema", url->schema},
       {"host", url->host},
       {"port", url->port},
       {"vhost", url->vhost},
       {"app", url->app},
       {"param", url->param}});
}

Fields RtmpSession::question_of(const StreamUrl& url) const {
  return {{"protocol", protocol()},
          {"tc_url", connect_.tc_url},
          {"page_url", connect_.page_url},
          {"vhost", url.vhost},
          {"app", url.app},
          {"stream", url.stream},
          {"param", url.param}};
}

void RtmpSession::ask_publish(const PublishRequest& request) {
  const auto url = resolve_stream_url(connect_.tc_url, request.stream);
  if (!url.ok()) {
    protocol_.reject_publish(url.error().code);
    return give_up(url.error());
  }
  asked_ = Asked::kPublish;
  const std::string_view form = request.form == PublishForm::kFmle    ? "fmle"
                                : request.form == PublishForm::kFlash ? "flash"
                                                                      : "haivision";
  Fields question = question_of(*url);
  question.set("type", "publish_requested");
  question.set("form", form);
  ask(std::move(question));
}

void RtmpSession::ask_play(const PlayRequest& request) {
  const auto url = resolve_stream_url(connect_.tc_url, request.stream);
  if (!url.ok()) {
    protocol_.reject_play(url.error().code);
    return give_up(url.error());
  }
  asked_ = Asked::kPlay;
  Fields question = question_of(*url);
  question.set("type", "play_requested");
  question.set("format", "rtmp");
  question.set("duration_ms", std::max(request.duration, 0.0));
  ask(std::move(question));
}

// ---- decisions of the control plane
// ----------------------------------------------------------------

void RtmpSession::on_accept(const Fields& options) {
  switch (std::exchange(asked_, Asked::kNothing)) {
    case Asked::kConnect:
      accept_connect(options);
      break;
    case Asked::kPublish:
      accept_publish(options);
      break;
    case Asked::kPlay:
      accept_play(options);
      break;
    case Asked::kNothing:
      return;
  }
  drain();
}

void RtmpSession::accept_connect(const Fields& options) {
  const Identity& self = context().identity;
  ConnectAnswer answer;
  answer.identity = {.signature = "SRS",
                     .server = self.server,
                     .license = "MIT",
                     .url = "https://github.com/ossrs/srs",
                     .version = self.version,
                     .authors = "https://github.com/ossrs/srs/blob/develop/trunk/AUTHORS.md",
                     .server_ip = self.ip,
                     .pid = static_cast<uint32_t>(self.pid),
                     .id = cid()};
  answer.chunk_size =
      static_cast<uint32_t>(std::clamp<int64_t>(options.integer("chunk_size", 60000), 128, 65536));
  answer.out_ack_size = static_cast<uint32_t>(
      std::clamp<int64_t>(options.integer("out_ack_size", 2'500'000), 0, UINT32_MAX));
  answer.in_ack_size =
      static_cast<uint32_t>(std::clamp<int64_t>(options.integer("in_ack_size", 0), 0, UINT32_MAX));
  protocol_.accept_connect(answer);
}

void RtmpSession::accept_publish(const Fields& options) {
  auto publish = PublishOptions::from(options, context().limits);
  publish.publication.clock_wrap = FlvIngest::kClockWrap;  // RTMP 1.0 §5.3
  auto publication = begin_publication(context(), publish);
  if (!publication.ok()) {
    return on_reject(publication.error().code, {}, 0);
  }
  ingest_ = std::make_unique<FlvIngest>(context().loop, publish, context().limits,
                                        context().identity, std::move(*publication));
  connection_->set_no_delay(publish.tcp_nodelay);
  mr_latency_ms_ =
      static_cast<uint32_t>(std::clamp<int64_t>(options.integer("mr_latency_ms", 0), 0, 10'000));
  context().loop.arm(deadline_, ingest_->deadline());
  protocol_.accept_publish();
}

void RtmpSession::accept_play(const Fields& options) {
  player_ =
      Player{};  // Clang 14 takes no emplace() of a class whose members have initializers here
  player_->options = PlayOptions::from(options, context().limits);
  player_->stream = context().hub.use(player_->options.stream);
  connection_->set_no_delay(player_->options.tcp_nodelay);
  deadline_.disarm();
  if (player_->options.duration > Duration::zero()) {
    context().loop.arm_in(play_duration_, player_->options.duration);
  }
  protocol_.accept_play();
  flush_output();  // Play.Start goes before the first frame
  attach_player();
}

/// Joins the player to the rendition that its wishes name, or to none while it is paused.
void RtmpSession::attach_player() {
  flush_output();
  Player& player = *player_;
  if (player.reader) {
    player.reader->leave();
  } else {
    player.reader = std::make_unique<Reader>(*connection_, static_cast<Reader::Owner&>(*this),
                                             player.options.jitter);
  }
  if (player.paused || (!player.audio && !player.video)) {
    return;
  }
  const RtmpMuxerOptions muxer{protocol_.output_chunk_size(), player.audio, player.video,
                               player.options.atc_auto};
  std::string form = "rtmp chunk=" + std::to_string(muxer.chunk_size);
  form += player.audio ? " audio" : "";
  form += player.video ? " video" : "";
  form += muxer.atc_auto ? " atc_auto" : "";
  form += player.options.rendition_suffix();
  player.stream
      ->rendition(form, player.options.rendition,
                  [&muxer] { return std::make_unique<RtmpMuxer>(muxer); })
      .add(*player.reader);
}

void RtmpSession::on_reject(ErrorCode code, std::string_view text, int /*http_status*/) {
  switch (std::exchange(asked_, Asked::kNothing)) {
    case Asked::kConnect:
      protocol_.reject_connect(text);
      break;
    case Asked::kPlay:
      protocol_.reject_play(code);
      break;
    case Asked::kPublish:
    case Asked::kNothing:
      protocol_.reject_publish(code);
      break;
  }
  give_up({code});
}

/// Ends a session whose peer is still to read why.
void RtmpSession::give_up(Error error) {
  flush_output();
  connection_->close_when_sent();
  end(error);
}

// ---- media
// -----------------------------------------------------------------------------------------

void RtmpSession::on_media(const MediaMessage& message) {
  if (!ingest_) {
    return;
  }
  // RTMP 1.0 §7.1: the message types of media are the tag types of FLV, and so are the bodies.
  const flv::TagType type = message.type == MessageType::kVideo   ? flv::TagType::kVideo
                            : message.type == MessageType::kAudio ? flv::TagType::kAudio
                                                                  : flv::TagType::kScript;
  const Status status = ingest_->on_tag(type, message.timestamp_ms, message.payload);
  if (!status.ok()) {
    context().troubles.note("rtmp", status.error(), id());
  }
  if (ingest_->take_tracks_changed()) {
    tell(tracks_event(ingest_->publication().stream()));
  }
}

void RtmpSession::stop_publishing(ErrorCode code) {
  if (ingest_) {
    counted_.add(ingest_->publication());
    ingest_.reset();
    merged_read_.disarm();
    connection_->resume_reading();
    context().loop.arm_in(deadline_, context().limits.idle_timeout);
    tell({{"type", "publish_stopped"}, {"code", error_info(code).name}});
  }
}

void RtmpSession::stop_playing(ErrorCode code) {
  if (player_) {
    if (player_->reader) {
      counted_.skips += player_->reader->skips();
      player_->reader->leave();  // what is said next must not be within a frame
    }
    player_.reset();
    play_duration_.disarm();
    context().loop.arm_in(deadline_, context().limits.idle_timeout);
    tell({{"type", "play_stopped"}, {"code", error_info(code).name}});
  }
}

// ---- the end
// ---------------------------------------------------------------------------------------

void RtmpSession::on_deadline() {
  Loop& loop = context().loop;
  if (ingest_) {
    if (loop.now() < ingest_->deadline()) {
      loop.arm(deadline_, ingest_->deadline());
      return;
    }
    return fail({ErrorCode::kIdleTimeout});
  }
  if (!protocol_.handshake_done()) {
    return fail({ErrorCode::kTimedOut});
  }
  // Between the handshake and a stream the peer must say something now and then; while the control
  // plane thinks, its own deadline counts. One that does not even connect is not kept by single
  // bytes.
  const Time silent = connection_->last_read() + context().limits.idle_timeout;
  const Time limit = protocol_.connected() ? silent : std::min(silent, connect_deadline_);
  if (asking() || loop.now() < limit) {
    loop.arm(deadline_, std::max(limit, loop.now() + seconds(1)));
    return;
  }
  fail({ErrorCode::kIdleTimeout});
}

void RtmpSession::fail(Error error) {
  connection_->close();
  end(error);
}

void RtmpSession::close(ErrorCode code) {
  if (finished()) {
    return;
  }
  if (protocol_.playing() && player_) {
    player_->reader->leave();
    protocol_.notify_play_stopped(ServerSession::PlayEnd::kComplete);
  } else if (protocol_.publishing()) {
    protocol_.notify_unpublished(error_info(code).text);
  }
  flush_output();
  connection_->close_when_sent(seconds(1));
  end({code});
}

void RtmpSession::count(SessionCounters& counters) const {
  counters = counted_;
  counters.bytes_in = connection_->bytes_in();
  counters.bytes_out = connection_->bytes_out();
  counters.queued_bytes = connection_->queued_bytes();
  if (ingest_) {
    counters.add(ingest_->publication());
  }
  if (player_ && player_->reader) {
    counters.add(*player_->reader);
  }
}

void RtmpSession::end(Error error) {
  if (finished()) {
    return;
  }
  stop_publishing(error.code);
  stop_playing(error.code);
  deadline_.disarm();
  merged_read_.disarm();
  const uint64_t in = connection_->bytes_in();
  const uint64_t out = connection_->bytes_out();
  // It may still be sending its last words; it closes itself.
  Connection::linger(std::move(connection_));
  finish(error, in, out, counted_.skips);
}

// ---- the module
// ------------------------------------------------------------------------------------

const ProtocolModule kModule{
    .name = "rtmp",
    .accept = [](LoopContext& context, Accepted accepted) -> std::unique_ptr<Session> {
      return std::make_unique<RtmpSession>(context, std::move(accepted));
    },
    .configure = nullptr,
    .make_output = nullptr,
    .every_second = nullptr,
};

}  // namespace millrace::rtmp
