#include "protocols/http_server/media_session.hpp"

#include "protocols/http/query.hpp"
#include "protocols/http/request.hpp"
#include "protocols/http/target.hpp"
#include "protocols/http_flv/flv_muxer.hpp"

namespace millrace::http_server {

namespace {

constexpr std::string_view kFlvType = "video/x-flv";

http_flv::Framing framing_of(http::StreamForm form) {
  switch (form) {
    case http::StreamForm::kChunked: return http_flv::Framing::kChunked;
    case http::StreamForm::kWebSocket: return http_flv::Framing::kWebSocket;
    default: return http_flv::Framing::kNone;
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
      local_port_(accepted.local_port) {
  loop_http_.refresh(config_, context.limits);
  http_ = std::make_unique<http::HttpSession>(loop_http_.service(), context.loop, std::move(accepted.fd), accepted.peer,
                                              std::move(accepted.tls), static_cast<http::HttpSession::Handler&>(*this));
}

MediaSession::~MediaSession() = default;

void MediaSession::start() {
  if (!http_->start()) {
    finish({ErrorCode::kOutOfDescriptors}, 0, 0, 0);
  }
}

// ---- requests --------------------------------------------------------------------------------------

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
  return ask_play(request, *vhost, candidate);
}

http::Taken MediaSession::ask_play(const http::Request& request, const Vhost& vhost, std::string_view candidate) {
  for (const Vhost::LiveMount& mount : vhost.live_mounts) {
    const auto name = mount.path.match(request.path);
    if (!name || mount.format != "flv") {
      continue;
    }
    // A recording of the same form of name is a file, unless the stream is live at the moment.
    const std::string key = (vhost.name == "__defaultVhost__" ? "" : vhost.name) + "/" + name->app + "/" + name->stream;
    if (!context().hub.directory().is_published(key) &&
        loop_http_.service().files().open(request, vhost.name).ok()) {
      return http::Taken::kNo;
    }
    asked_ = Asked::kPlay;
    format_ = mount.format;
    ask_control({{"type", "play_requested"},
                 {"protocol", "http_flv"},
                 {"format", mount.format},
                 {"vhost", candidate},
                 {"app", name->app},
                 {"stream", name->stream},
                 {"param", request.query.empty() ? std::string() : "?" + std::string(request.query)},
                 {"tc_url", "rtmp://" + vhost.name + "/" + name->app},
                 {"page_url", request.header("referer")},
                 {"ip", client_ip(request)}});
    return http::Taken::kYes;
  }
  return http::Taken::kNo;
}

void MediaSession::on_control_request(const http::Request& request, Bytes body) {
  Value::List headers;
  for (const http::Header& header : request.headers) {
    headers.emplace_back(Value::List{header.name, header.value});
  }
  Fields event{{"type", "http_request"},
               {"method", request.method_name},
               {"target", request.target},
               {"path", request.path},
               {"query", request.query},
               {"headers", std::move(headers)},
               {"ip", client_ip(request)},
               {"tls", http_->connection().is_tls()}};
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

std::string MediaSession::client_ip(const http::Request& request) {
  return std::string(http::client_address(request, http_->connection().peer().ip()));
}

// ---- decisions of the control plane ----------------------------------------------------------------

void MediaSession::on_accept(const Fields& options) {
  switch (std::exchange(asked_, Asked::kNothing)) {
    case Asked::kPlay: begin_play(options); break;
    case Asked::kRequest: answer_request(options); break;
    case Asked::kNothing: break;
  }
}

void MediaSession::on_reject(ErrorCode code, std::string_view /*text*/, int http_status) {
  asked_ = Asked::kNothing;
  http_->refuse(http_status >= 400 && http_status < 600 ? static_cast<unsigned>(http_status) : error_info(code).http_status);
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
  const auto form = http_->begin_stream(kFlvType);
  if (!form.ok() || *form == http::StreamForm::kNone) {
    return stop_playing(form.ok() ? ErrorCode::kNone : form.error().code);
  }
  http_flv::FlvMuxerOptions muxer;
  muxer.framing = framing_of(*form);
  muxer.source_clock = options.jitter == TimeJitter::kSource;
  if (!fields.boolean("guess_has_av", true)) {
    // What the header does not announce is dropped; guessing announces what there is.
    const bool drop = fields.boolean("drop_if_not_match", true);
    muxer.announce_audio = fields.boolean("has_audio", true);
    muxer.announce_video = fields.boolean("has_video", true);
    muxer.audio = muxer.announce_audio.value() || !drop;
    muxer.video = muxer.announce_video.value() || !drop;
  }
  http_->connection().set_no_delay(options.tcp_nodelay);
  viewer_.emplace();
  viewer_->stream = context().hub.use(options.stream);
  viewer_->reader = std::make_unique<Reader>(http_->connection(), static_cast<Reader::Owner&>(*this), options.jitter);
  std::string form_name = "flv framing=" + std::to_string(static_cast<int>(muxer.framing));
  form_name += muxer.audio ? " audio" : "";
  form_name += muxer.video ? " video" : "";
  form_name += muxer.announce_audio ? (*muxer.announce_audio ? " A" : " a") : "";
  form_name += muxer.announce_video ? (*muxer.announce_video ? " V" : " v") : "";
  form_name += muxer.source_clock ? " source" : "";
  form_name += options.rendition_suffix();
  viewer_->stream
      ->rendition(form_name, options.rendition, [&muxer] { return std::make_unique<http_flv::FlvMuxer>(muxer); })
      .add(*viewer_->reader);
}

// ---- the stream ------------------------------------------------------------------------------------

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

void MediaSession::stop_playing(ErrorCode code) {
  if (viewer_) {
    skips_ += viewer_->reader->skips();
    viewer_->reader->leave();
    viewer_.reset();
    tell({{"type", "play_stopped"}, {"code", error_info(code).name}});
  }
}

// ---- the end ---------------------------------------------------------------------------------------

void MediaSession::on_fault(Error error) { context().troubles.note("http", error, told_ ? id() : 0); }

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

void MediaSession::on_end(Error reason) {
  stop_playing(reason.code);
  const Connection& connection = http_->connection();
  finish(reason, connection.bytes_in(), connection.bytes_out(), skips_, told_ ? Tell::kYes : Tell::kNo);
}

// ---- the module ------------------------------------------------------------------------------------

const ProtocolModule kModule{
    .name = "http",
    .accept = [](LoopContext& context, Accepted accepted) -> std::unique_ptr<Session> {
      return std::make_unique<MediaSession>(context, std::move(accepted));
    },
    .configure = [](ModuleStates& modules, const Fields& settings) {
      modules.get<HttpConfigHolder>().replace(HttpConfig::from(settings));
    },
    .make_output = nullptr,
    .every_second = nullptr,
};

}  // namespace millrace::http_server
