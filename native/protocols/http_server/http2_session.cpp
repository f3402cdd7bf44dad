#include "protocols/http_server/http2_session.hpp"

#include <algorithm>

#include "protocols/http_server/media_session.hpp"

namespace millrace::http_server {

Http2Session::Http2Session(LoopContext& context, Accepted accepted)
    : UntoldSession(context, "http"), local_port_(accepted.local_port) {
  LoopHttp& loop_http = context.loop_modules.get<LoopHttp>();
  loop_http.refresh(context.modules.get<HttpConfigHolder>(), context.limits);
  http2::MultiplexerSettings settings;
  settings.request = loop_http.service().settings().limits;
  settings.idle = loop_http.service().settings().deadlines.idle;
  // A client with more to ask then waits, as with HTTP/1.1, instead of being refused.
  if (const AddressCounts& addresses = context.addresses;
      addresses.limits(accepted.connection->peer())) {
    settings.max_streams =
        static_cast<uint32_t>(std::min<size_t>(settings.max_streams, addresses.limit()));
  }
  multiplexer_ = std::make_unique<http2::Multiplexer>(
      context.loop, std::move(accepted.connection), settings, loop_http.scratch(),
      static_cast<http2::Multiplexer::Handler&>(*this));
}

Http2Session::~Http2Session() = default;

/// A stream may be a viewer for hours, so it counts as a connection.
unsigned Http2Session::refusal() {
  const auto refuse = [this](ErrorCode code, size_t limit) {
    context().connections.fetch_sub(1, std::memory_order_relaxed);
    on_fault({code, static_cast<uint32_t>(limit)});
    return error_info(code).http_status;
  };
  const size_t limit = context().max_connections.load(std::memory_order_relaxed);
  if (context().connections.fetch_add(1, std::memory_order_relaxed) >= limit) {
    return refuse(ErrorCode::kLimitConnections, limit);
  }
  AddressCounts& addresses = context().addresses;
  auto place = addresses.take_on_connection(multiplexer_->connection().peer());
  if (!place) {
    return refuse(ErrorCode::kLimitAddressConnections, addresses.limit());
  }
  stream_place_ = std::move(*place);
  return 0;
}

void Http2Session::on_stream(std::unique_ptr<Connection> stream) {
  Accepted accepted;
  accepted.peer = stream->peer();
  accepted.local_port = local_port_;
  accepted.connection = std::move(stream);
  auto session = std::make_unique<MediaSession>(context(), std::move(accepted));
  MediaSession& added = *session;
  added.keep_place(std::move(stream_place_));
  context().sessions.add(std::move(session));
  added.start();
}

void Http2Session::on_fault(Error error) {
  context().troubles.note("http", error, multiplexer_->connection().peer());
}

void Http2Session::on_end(Error reason) {
  const Connection& connection = multiplexer_->connection();
  finish(reason, connection.bytes_in(), connection.bytes_out(), 0, Tell::kNo);
}

}  // namespace millrace::http_server
