#include "protocols/http_server/media_session.hpp"

#include <array>

#include "control/session_counters.hpp"
#include "protocols/hls/module.hpp"
#include "protocols/http/query.hpp"
#include "protocols/http/refusal.hpp"
#include "protocols/http/request.hpp"
#include "protocols/http/target.hpp"
#ifdef MILLRACE_HTTP2
#include "protocols/http_server/tls_session.hpp"
#endif

namespace millrace::http_server {

namespace {

// A playlist changes with each segment; a segment never does, but its name may be used again after
// a restart.
constexpr std::string_view kPlaylistCaching = "no-cache";
constexpr std::string_view kSegmentCaching = "max-age=60";
// What a stream holds is known a little later when another loop publishes it.
constexpr Duration kTracksKnownAfter = seconds(1);

http::Framing framing_of(http::StreamForm form) {
  switch (form) {
    case http::StreamForm::kChunked:
      return http::Framing::kChunked;
    case http::StreamForm::kWebSocket:
      return http::Framing::kWebSocket;
    default:
      return http::Framing::kNone;
  }
}

/// The vhost that a request names: `vhost` or `domain` of its query, else its host.
std::string vhost_candidate(const http::Request& request) {
  for (const std::string_view name : {"vhost", "domain"}) {
    if (const auto value = http::query_value(request.query, name); value && !value->empty()) {
      return http::decode_query_value(*value).value_or(std::string());
    }
  }
  return std::string(http::host_name(request.host));
}

}  // namespace

MediaSession::MediaSession(LoopContext& context, Accepted accepted)
    : Session(context, "http"),
      loop_http_(context.loop_modules.get<LoopHttp>()),
      config_(context.modules.get<HttpConfigHolder>()),
      hls_(context.modules.get<hls::Service>()),
      local_port_(accepted.local_port),
      end_of_stream_([this] {
        if (viewer_ && (viewer_->stream->video() || viewer_->stream->audio())) {
          return;  // published again
        }
        stop_playing(ErrorCode::kNone);
        http_->end_stream(http::WebSocketStatus::kNormal);
      }),
      tracks_known_([this] {
        if (viewer_) {
          note_left_out();
        }
      }) {
  loop_http_.refresh(config_, context.limits);
  auto& handler = static_cast<http::HttpSession::Handler&>(*this);
  http_ = accepted.connection != nullptr
              ? std::make_unique<http::HttpSession>(loop_http_.service(), context.loop,
                                                    std::move(accepted.connection), handler)
              : std::make_unique<http::HttpSession>(loop_http_.service(), context.loop,
                                                    std::move(accepted.fd), accepted.peer,
                                                    std::move(accepted.tls), handler);
}

MediaSession::~MediaSession() = default;

void MediaSession::start() {
  if (!http_->start()) {
    finish({ErrorCode::kOutOfDescriptors}, 0, 0, 0);
  }
}

// ---- requests
// --------------------------------------------------------------------------------------

http::Taken MediaSession::on_request(const http::Request& request) {
  loop_http_.refresh(config_, context().limits);
  if (request.method != http::Method::kGet && request.method != http::Method::kHead) {
    return http::Taken::kNo;
  }
  const std::string candidate = vhost_candidate(request);
  const Vhost* vhost = loop_http_.config().vhost(candidate);
  if (vhost == nullptr) {
    return http::Taken::kNo;
  }
  if (answer_hls(request, *vhost, candidate) == http::Taken::kYes) {
    return http::Taken::kYes;
  }
  return ask_play(request, *vhost, candidate);
}

// ---- HLS
// -------------------------------------------------------------------------------------------

http::Taken MediaSession::answer_hls(const http::Request& request, const Vhost& vhost,
                                     std::string_view candidate) {
  if (!vhost.hls) {
    return http::Taken::kNo;
  }
  const Time now = context().loop.now();
  const std::string root = hls::url_root(vhost.name);
  hls::Answer answer =
      root.empty() ? hls_.requests().answer(request.path, request.query, now)
                   : hls_.requests().answer(root + std::string(request.path), request.query, now);
  if (answer.kind == hls::Answer::Kind::kNotFound) {
    return http::Taken::kNo;
  }
  HlsWait wait;
  if (answer.kind == hls::Answer::Kind::kAdmit || answer.kind == hls::Answer::Kind::kWait) {
    wait = {root + std::string(request.path),
            std::string(request.path),
            std::string(request.query),
            {},
            0,
            {},
            0};
    hls_vhost_candidate_ = candidate;
  }
  give_hls(std::move(answer), std::move(wait));
  return http::Taken::kYes;
}

void MediaSession::give_hls(hls::Answer answer, HlsWait wait) {
  switch (answer.kind) {
    case hls::Answer::Kind::kObject: {
      const hls::StoredObject& object = *answer.object;
      http::Answer sent;
      sent.content_type = object.content_type;
      sent.body = std::shared_ptr<const BufferChain>(answer.object, &object.body);
      sent.etag = object.etag;
      sent.modified_unix_s = object.modified_unix_s;
      sent.accept_ranges =
          object.is_playlist() ? http::AcceptRanges::kNo : http::AcceptRanges::kYes;
      const std::array<http::Header, 1> fields{
          http::Header{"Cache-Control", object.is_playlist() ? kPlaylistCaching : kSegmentCaching}};
      sent.fields = fields;
      http_->answer(sent);
      return;
    }
    case hls::Answer::Kind::kText: {
      http::Answer sent;
      sent.content_type = hls::kPlaylistType;
      sent.text = answer.text;
      const std::array<http::Header, 1> fields{http::Header{"Cache-Control", kPlaylistCaching}};
      sent.fields = fields;
      http_->answer(sent);
      return;
    }
    case hls::Answer::Kind::kAdmit:
      wait.context_id = std::move(answer.context_id);
      admit_viewer(std::move(wait), *answer.object->playlist);
      return;
    case hls::Answer::Kind::kWait:
      wait.seen = std::move(answer.object);
      watch_playlist(std::move(wait));
      return;
    case hls::Answer::Kind::kBusy:
      http_->refuse(503);
      return;
    case hls::Answer::Kind::kGone:
    case hls::Answer::Kind::kNotFound:
      http_->refuse(404);
      return;
  }
}

void MediaSession::admit_viewer(HlsWait wait, const hls::PlaylistTraits& playlist) {
  const http::Request& request = http_->request();
  const http::ClientAddress from = client(request);
  const Address& peer = http_->connection().peer();
  Fields event{
      {"ip", from.ip},
      {"ip_trusted", from.trusted},
      {"peer_ip", peer.ip()},
      {"peer_port", peer.port()},
      {"local_port", local_port_},
      {"vhost", hls_vhost_candidate_},
      {"app", playlist.app},
      {"stream", playlist.stream},
      {"path", wait.asked_path},
      {"param", wait.query.empty() ? std::string() : "?" + wait.query},
      {"tc_url", "http://" + std::string(http::host_name(request.host)) + "/" + playlist.app},
      {"page_url", request.header("referer")},
      {"authorization", request.header("authorization")}};
  auto viewer =
      std::make_unique<hls::ViewerSession>(context(), wait.context_id, std::move(event),
                                           static_cast<hls::ViewerSession::Waiter&>(*this));
  hls::ViewerSession& added = *viewer;
  context().sessions.add(std::move(viewer));
  wait.viewer = added.id();
  hls_wait_ = std::move(wait);
  added.start();
}

void MediaSession::on_viewer_admitted() {
  HlsWait wait = *std::exchange(hls_wait_, std::nullopt);
  wait.viewer = 0;
  hls::Answer answer = hls_.requests().admitted(wait.path, wait.asked_path, wait.query,
                                                wait.context_id, context().loop.now());
  give_hls(std::move(answer), std::move(wait));
}

void MediaSession::on_viewer_refused(ErrorCode code, int http_status) {
  hls_wait_.reset();
  on_reject(code, {}, http_status);
}

/// The playlist has no segment yet: the answer follows with the first, so that a player that came a
/// little early begins as soon as it can.
void MediaSession::watch_playlist(HlsWait wait) {
  hls_wait_ = std::move(wait);
  hls_wait_->watch = hls_.store().watch(
      hls_wait_->path, hls_wait_->seen,
      [loop = &context().loop, sessions = &context().sessions, id = id()] {
        loop->post([sessions, id] {
          // Only a MediaSession has this id; it may have gone, or wait for something else by now.
          if (auto* self = static_cast<MediaSession*>(sessions->find(id)); self != nullptr) {
            self->on_playlist_changed();
          }
        });
      });
  if (hls_wait_->watch == 0) {
    on_playlist_changed();
  }
}

void MediaSession::on_playlist_changed() {
  if (!hls_wait_ || !hls_wait_->seen) {
    return;
  }
  HlsWait wait = *std::exchange(hls_wait_, std::nullopt);
  wait.seen = nullptr;
  wait.watch = 0;
  hls::Answer answer = hls_.requests().answer(wait.path, wait.query, context().loop.now());
  give_hls(std::move(answer), std::move(wait));
}

void MediaSession::forget_hls_wait() {
  if (!hls_wait_) {
    return;
  }
  if (hls_wait_->watch != 0) {
    hls_.store().unwatch(hls_wait_->path, hls_wait_->watch);
  }
  if (Session* viewer =
          hls_wait_->viewer != 0 ? context().sessions.find(hls_wait_->viewer) : nullptr;
      viewer != nullptr) {
    static_cast<hls::ViewerSession*>(viewer)->forget_waiter();
  }
  hls_wait_.reset();
}

// ---- live streams
// ----------------------------------------------------------------------------------

http::Taken MediaSession::ask_play(const http::Request& request, const Vhost& vhost,
                                   std::string_view candidate) {
  for (const Vhost::LiveMount& mount : vhost.live_mounts) {
    const auto name = mount.path.match(request.path);
    if (!name) {
      continue;
    }
    // A recording of the same form of name is a file, unless the stream is live at the moment.
    const std::string key =
        (vhost.name == "__defaultVhost__" ? "" : vhost.name) + "/" + name->app + "/" + name->stream;
    if (!context().hub.directory().is_published(key) &&
        loop_http_.service().files().open(request, vhost.name).ok()) {
      return http::Taken::kNo;
    }
    asked_ = Asked::kPlay;
    form_ = mount.form;
    const http::ClientAddress from = client(request);
    ask_control(
        {{"type", "play_requested"},
         {"protocol", mount.form->protocol},
         {"format", mount.form->format},
         {"vhost", candidate},
         {"app", name->app},
         {"stream", name->stream},
         {"param", request.query.empty() ? std::string() : "?" + std::string(request.query)},
         {"tc_url", "rtmp://" + vhost.name + "/" + name->app},
         {"page_url", request.header("referer")},
         {"authorization", request.header("authorization")},
         {"host", request.host},
         {"ip", from.ip},
         {"ip_trusted", from.trusted}});
    return http::Taken::kYes;
  }
  return http::Taken::kNo;
}

void MediaSession::on_control_request(const http::Request& request, Bytes body) {
  Value::List headers;
  for (const http::Header& header : request.headers) {
    headers.emplace_back(Value::List{header.name, header.value});
  }
  Fields event{{"type", "http_request"},   {"method", request.method_name},
               {"target", request.target}, {"path", request.path},
               {"query", request.query},   {"headers", std::move(headers)},
               {"ip", client(request).ip}, {"tls", http_->connection().is_tls()}};
  if (!body.empty()) {
    event.set("body", Buffer::copy_of(body));
  }
  asked_ = Asked::kRequest;
  ask_control(std::move(event));
}

void MediaSession::ask_control(Fields event) {
  if (!told_) {
    told_ = true;
    tell_opened(http_->connection().peer(), local_port_, http_->connection().is_tls());
  }
  event.set("request", id());
  ask(std::move(event));
}

http::ClientAddress MediaSession::client(const http::Request& request) {
  return http::client_address(request, http_->connection().peer(),
                              context().limits.trusted_proxies);
}

// ---- decisions of the control plane
// ----------------------------------------------------------------

void MediaSession::on_accept(const Fields& options) {
  switch (std::exchange(asked_, Asked::kNothing)) {
    case Asked::kPlay:
      begin_play(options);
      break;
    case Asked::kRequest:
      answer_request(options);
      break;
    case Asked::kNothing:
      break;
  }
}

void MediaSession::on_reject(ErrorCode code, std::string_view /*text*/, int http_status) {
  asked_ = Asked::kNothing;
  http_->refuse(http_status >= 400 && http_status < 600 ? static_cast<unsigned>(http_status)
                                                        : error_info(code).http_status);
}

void MediaSession::answer_request(const Fields& options) {
  std::vector<http::Header> fields;
  std::string_view content_type;
  for (const auto& [name, value] : options.fields("headers").entries()) {
    if (const auto* text = value.as<std::string>()) {
      if (name == "content-type" || name == "Content-Type") {
        content_type = *text;
      } else {
        fields.push_back({name, *text});
      }
    }
  }
  http::Answer answer;
  answer.status = static_cast<unsigned>(options.integer("status", 500));
  answer.content_type = content_type;
  answer.fields = fields;
  const Value* body = options.find("body");
  if (body != nullptr && body->as<BufferRef>() != nullptr) {
    auto chain = std::make_shared<BufferChain>();
    chain->add(*body->as<BufferRef>());
    answer.body = std::move(chain);
  } else if (body != nullptr && body->as<std::string>() != nullptr) {
    answer.text = *body->as<std::string>();
  }
  http_->answer(answer);
}

void MediaSession::begin_play(const Fields& fields) {
  const PlayOptions options = PlayOptions::from(fields, context().limits);
  const auto sent = http_->begin_stream(form_->content_type);
  if (!sent.ok() || *sent == http::StreamForm::kNone) {
    return stop_playing(sent.ok() ? ErrorCode::kNone : sent.error().code);
  }
  http_->connection().set_no_delay(options.tcp_nodelay);
  viewer_.emplace();
  viewer_->stream = context().hub.use(options.stream);
  viewer_->reader = std::make_unique<Reader>(http_->connection(),
                                             static_cast<Reader::Owner&>(*this), options.jitter);
  if (viewer_->stream->video() || viewer_->stream->audio()) {
    note_left_out();
  } else {
    context().loop.arm_in(tracks_known_, kTracksKnownAfter);
  }
  const LiveRendition rendition = live_rendition(*form_, framing_of(*sent), options, fields);
  viewer_->stream->rendition(rendition.name, rendition.options, rendition.make_muxer)
      .add(*viewer_->reader);
}

/// A viewer who gets nothing, or half of it, is told why in the log.
void MediaSession::note_left_out() {
  for (const TrackRef& track : {viewer_->stream->video(), viewer_->stream->audio()}) {
    if (track && !form_->carries(*track)) {
      context().troubles.note(form_->protocol, {ErrorCode::kCodecUnsupported}, id());
    }
  }
}

// ---- the stream
// ------------------------------------------------------------------------------------

void MediaSession::on_writable() {
  if (viewer_) {
    viewer_->reader->pump();
  }
}

void MediaSession::write_between_frames(Bytes bytes) {
  if (viewer_) {
    viewer_->reader->write_between_frames(bytes);
  } else {
    http_->connection().write(bytes);
  }
}

void MediaSession::on_reader_stalled() { http_->close(ErrorCode::kSlowReader); }

/// A publisher that reconnects finds its viewers still there. One that does not: players of FLV
/// learn by the end of the connection, as from SRS, that there will be no more.
void MediaSession::on_publisher_gone() {
  context().loop.arm_in(end_of_stream_, context().limits.publisher_grace);
}

void MediaSession::stop_playing(ErrorCode code) {
  if (viewer_) {
    skips_ += viewer_->reader->skips();
    viewer_->reader->leave();
    viewer_.reset();
    tell({{"type", "play_stopped"}, {"code", error_info(code).name}});
  }
}

// ---- the end
// ---------------------------------------------------------------------------------------

void MediaSession::on_fault(Error error) {
  if (told_) {
    context().troubles.note("http", error, id());
  } else {
    context().troubles.note("http", error, http_->connection().peer());
  }
}

void MediaSession::close(ErrorCode code) {
  if (!finished()) {
    if (viewer_) {
      stop_playing(code);
      http_->end_stream(http::WebSocketStatus::kGoingAway);
    }
    if (!finished()) {
      http_->close(code);
    }
  }
}

void MediaSession::count(SessionCounters& counters) const {
  const Connection& connection = http_->connection();
  counters.bytes_in = connection.bytes_in();
  counters.bytes_out = connection.bytes_out();
  counters.skips = skips_;
  if (viewer_) {
    counters.add(*viewer_->reader);
  } else {
    counters.queued_bytes = connection.queued_bytes();
  }
}

void MediaSession::on_end(Error reason) {
  forget_hls_wait();
  stop_playing(reason.code);
  const Connection& connection = http_->connection();
  finish(reason, connection.bytes_in(), connection.bytes_out(), skips_,
         told_ ? Tell::kYes : Tell::kNo);
}

// ---- the module
// ------------------------------------------------------------------------------------

const ProtocolModule kModule{
    .name = "http",
    .accept = [](LoopContext& context, Accepted accepted) -> std::unique_ptr<Session> {
#ifdef MILLRACE_HTTP2
      if (accepted.tls != nullptr && accepted.tls->offers_http2()) {
        return std::make_unique<TlsSession>(context, std::move(accepted));
      }
#endif
      return std::make_unique<MediaSession>(context, std::move(accepted));
    },
    .configure =
        [](ModuleStates& modules, const Fields& settings) {
          modules.get<HttpConfigHolder>().replace(HttpConfig::from(settings));
        },
    .make_output = nullptr,
    .every_second = nullptr,
    .refuse = http::refuse_connection,
};

}  // namespace millrace::http_server
