#include "protocols/http_publish/publish_session.hpp"

#include <algorithm>
#include <array>

#include "protocols/http/client_address.hpp"
#include "protocols/http/refusal.hpp"
#include "protocols/http_publish/path.hpp"

namespace millrace::http_publish {

namespace {

constexpr uint32_t kMaxTagBytes = 0xff'ff'ff;  // FLV E.4.1: 24 bits

/// One loop's HTTP for encoders.
class LoopService {
 public:
  http::HttpService& get(const LoopContext& context) {
    if (!service_) {
      http::HttpSettings settings;
      settings.server = context.identity.server;
      settings.limits.head_bytes = context.limits.max_request_head_bytes;
      settings.deadlines.head = context.limits.request_head_timeout;
      settings.deadlines.idle = context.limits.idle_timeout;
      settings.deadlines.no_progress = context.limits.slow_reader_timeout;
      settings.deadlines.body =
          seconds(86400);  // the vhost says how long a publisher may be silent
      service_.emplace(std::move(settings));
    }
    return *service_;
  }

 private:
  std::optional<http::HttpService> service_;
};

}  // namespace

PublishSession::PublishSession(LoopContext& context, Accepted accepted)
    : Session(context, "http_flv"),
      local_port_(accepted.local_port),
      silence_([this] { on_deadline(); }) {
  http_ = std::make_unique<http::HttpSession>(
      context.loop_modules.get<LoopService>().get(context), context.loop, std::move(accepted.fd),
      accepted.peer, std::move(accepted.tls), static_cast<http::HttpSession::Handler&>(*this));
}

PublishSession::~PublishSession() = default;

void PublishSession::start() {
  if (!http_->start()) {
    finish({ErrorCode::kOutOfDescriptors}, 0, 0, 0);
  }
}

http::Taken PublishSession::on_request(const http::Request& request) {
  if (request.method != http::Method::kPost && request.method != http::Method::kPut) {
    constexpr std::array kAllow{http::Header{"Allow", "POST, PUT, OPTIONS"}};
    http_->answer({.status = 405,
                   .content_type = "text/plain",
                   .fields = kAllow,
                   .text = "publish with POST /app/stream.flv\n"});
    return http::Taken::kYes;
  }
  const auto name = published_name(request.path);
  if (!name || !request.has_body()) {
    http_->refuse(name ? ErrorCode::kUnexpectedEnd : ErrorCode::kStreamNameEmpty);
    return http::Taken::kYes;
  }
  if (!told_) {
    told_ = true;
    tell_opened(http_->connection().peer(), local_port_, http_->connection().is_tls());
  }
  const http::ClientAddress from =
      http::client_address(request, http_->connection().peer(), context().limits.trusted_proxies);
  ask({{"type", "publish_requested"},
       {"protocol", protocol()},
       {"form", "flash"},  // as SRS lists what its casters publish
       {"vhost", ""},
       {"app", name->app},
       {"stream", name->stream},
       {"param", request.query.empty() ? std::string() : "?" + std::string(request.query)},
       {"tc_url", "http://" + std::string(request.host) + "/" + std::string(name->app)},
       {"page_url", request.header("referer")},
       {"authorization", request.header("authorization")},
       {"host", request.host},
       {"ip", from.ip},
       {"ip_trusted", from.trusted}});
  return http::Taken::kYes;
}

/// Nothing is left to be asked: on_request() answers all.
void PublishSession::on_control_request(const http::Request& /*request*/, Bytes /*body*/) {
  http_->refuse(ErrorCode::kHttpNotFound);
}

void PublishSession::on_accept(const Fields& fields) {
  auto options = PublishOptions::from(fields, context().limits);
  options.publication.clock_wrap = FlvIngest::kClockWrap;
  auto publication = begin_publication(context(), options);
  if (!publication.ok()) {
    return on_reject(publication.error().code, {}, 0);
  }
  publishing_.emplace(Publishing{flv::TagParser(static_cast<uint32_t>(std::min<size_t>(
                                     context().limits.max_message_bytes, kMaxTagBytes))),
                                 FlvIngest(context().loop, options, context().limits,
                                           context().identity, std::move(*publication))});
  context().loop.arm(silence_, publishing_->ingest.deadline());
  http_->stream_body();
}

void PublishSession::on_reject(ErrorCode code, std::string_view /*text*/, int http_status) {
  // A stream that got no name after it was admitted is none for the control plane either.
  if (http_status >= 400 && http_status < 600) {
    http_->refuse(static_cast<unsigned>(http_status));
  } else {
    tell({{"type", "publish_stopped"}, {"code", error_info(code).name}});
    http_->refuse(code);
  }
}

void PublishSession::on_body(Bytes bytes) {
  if (!publishing_) {
    return;
  }
  publishing_->parser.feed(bytes);
  for (;;) {
    const auto tag = publishing_->parser.poll();
    if (!tag.ok()) {
      on_fault(tag.error());
      return give_up(tag.error());
    }
    if (!*tag) {
      break;
    }
    FlvIngest& ingest = publishing_->ingest;
    const Status status = ingest.on_tag((*tag)->type, (*tag)->timestamp_ms, (*tag)->body);
    if (!status.ok()) {
      on_fault(status.error());
    }
    if (ingest.take_tracks_changed()) {
      tell(tracks_event(ingest.publication().stream()));
    }
  }
}

void PublishSession::on_body_end() {
  if (publishing_ && !publishing_->parser.file_header()) {
    stop_publishing(ErrorCode::kFlvHeaderInvalid);
    return http_->refuse(ErrorCode::kFlvHeaderInvalid);
  }
  stop_publishing(ErrorCode::kNone);
  http_->answer({.content_type = "application/json", .text = "{\"code\":0}"});
}

void PublishSession::on_deadline() {
  if (!publishing_) {
    return;
  }
  const Time deadline = publishing_->ingest.deadline();
  if (context().loop.now() < deadline) {
    context().loop.arm(silence_, deadline);
    return;
  }
  give_up({ErrorCode::kIdleTimeout});
}

/// Ends a publisher in the middle of its body.
void PublishSession::give_up(Error error) {
  stop_publishing(error.code);
  http_->refuse_body(error.code);
}

void PublishSession::stop_publishing(ErrorCode code) {
  if (publishing_) {
    counted_.add(publishing_->ingest.publication());
    publishing_.reset();
    silence_.disarm();
    tell({{"type", "publish_stopped"}, {"code", error_info(code).name}});
  }
}

void PublishSession::on_fault(Error error) {
  if (told_) {
    context().troubles.note(protocol(), error, id());
  } else {
    context().troubles.note(protocol(), error, http_->connection().peer());
  }
}

void PublishSession::close(ErrorCode code) {
  if (!finished() && publishing_) {
    give_up({code});
  }
  if (!finished()) {
    http_->close(code);
  }
}

void PublishSession::count(SessionCounters& counters) const {
  const Connection& connection = http_->connection();
  counters = counted_;
  counters.bytes_in = connection.bytes_in();
  counters.bytes_out = connection.bytes_out();
  counters.queued_bytes = connection.queued_bytes();
  if (publishing_) {
    counters.add(publishing_->ingest.publication());
  }
}

void PublishSession::on_end(Error reason) {
  stop_publishing(reason.code);
  const Connection& connection = http_->connection();
  finish(reason, connection.bytes_in(), connection.bytes_out(), 0, told_ ? Tell::kYes : Tell::kNo);
}

const ProtocolModule kModule{
    .name = "http_publish",
    .accept = [](LoopContext& context, Accepted accepted) -> std::unique_ptr<Session> {
      return std::make_unique<PublishSession>(context, std::move(accepted));
    },
    .configure = nullptr,
    .make_output = nullptr,
    .every_second = nullptr,
    .refuse = http::refuse_connection,
};

}  // namespace millrace::http_publish
