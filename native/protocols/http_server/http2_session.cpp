#include "protocols/http_server/http2_session.hpp"

#include "protocols/http_server/media_session.hpp"

namespace millrace::http_server {

Http2Session::Http2Session(LoopContext& context, Accepted accepted)
    : Session(context, "http"), local_port_(accepted.local_port) {
  LoopHttp& loop_http = context.loop_modules.get<LoopHttp>();
  loop_http.refresh(context.modules.get<HttpConfigHolder>(), context.limits);
  http2::MultiplexerSettings settings;
  settings.request = loop_http.service().settings().limits;
  settings.idle = loop_http.service().settings().deadlines.idle;
  multiplexer_ = std::make_unique<http2::Multiplexer>(
      context.loop, std::move(accepted.connection), settings, loop_http.scratch(),
      static_cast<http2::Multiplexer::Handler&>(*this));
}

Http2Session::~Http2Session() = default;

/// A stream may be a viewer for hours, so it counts as one.
bool Http2Session::has_room() {
  const size_t limit = context().max_connections.load(std::memory_order_relaxed);
  if (context().connections.fetch_add(1, std::memory_order_relaxed) < limit) {
    return true;
  }
  context().connections.fetch_sub(1, std::memory_order_relaxed);
  on_fault({ErrorCode::kLimitConnections, static_cast<uint32_t>(limit)});
  return false;
}

void Http2Session::on_stream(std::unique_ptr<Connection> stream) {
  Accepted accepted;
  accepted.peer = stream->peer();
  accepted.local_port = local_port_;
  accepted.connection = std::move(stream);
  auto session = std::make_unique<MediaSession>(context(), std::move(accepted));
  MediaSession& added = *session;
  context().sessions.add(std::move(session));
  added.start();
}

void Http2Session::on_fault(Error error) { context().troubles.note("http", error); }

void Http2Session::on_end(Error reason) {
  const Connection& connection = multiplexer_->connection();
  finish(reason, connection.bytes_in(), connection.bytes_out(), 0, Tell::kNo);
}

}  // namespace millrace::http_server
