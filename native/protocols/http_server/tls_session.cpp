#include "protocols/http_server/tls_session.hpp"

#include "protocols/http_server/http2_session.hpp"
#include "protocols/http_server/media_session.hpp"

namespace millrace::http_server {

TlsSession::TlsSession(LoopContext& context, Accepted accepted)
    : UntoldSession(context, "http"),
      connection_(std::make_unique<Connection>(context.loop, std::move(accepted.fd), accepted.peer,
                                               std::move(accepted.tls),
                                               static_cast<Connection::Owner&>(*this))),
      local_port_(accepted.local_port),
      deadline_([this] { close(ErrorCode::kHttpTimeout); }) {}

TlsSession::~TlsSession() = default;

void TlsSession::start() {
  context().loop.arm_in(deadline_, context().limits.request_head_timeout);
  if (!connection_->start()) {
    finish({ErrorCode::kOutOfDescriptors}, 0, 0, 0, Tell::kNo);
  }
}

void TlsSession::on_bytes(Bytes bytes) {
  const bool http2 = connection_->application_protocol() == "h2";
  Connection& connection = *connection_;
  Accepted accepted;
  accepted.peer = connection.peer();
  accepted.local_port = local_port_;
  accepted.connection = std::move(connection_);
  std::unique_ptr<Session> session;
  if (http2) {
    session = std::make_unique<Http2Session>(context(), std::move(accepted));
  } else {
    session = std::make_unique<MediaSession>(context(), std::move(accepted));
  }
  // Until the end of the turn both are there.
  context().connections.fetch_add(1, std::memory_order_relaxed);
  Session& added = *session;
  added.keep_place(take_place());
  context().sessions.add(std::move(session));
  finish({ErrorCode::kNone}, 0, 0, 0, Tell::kNo);
  added.start();
  connection.carried_bytes(bytes);
}

void TlsSession::on_closed(Error error) { finish(error, 0, 0, 0, Tell::kNo); }

void TlsSession::close(ErrorCode code) {
  if (!finished()) {
    connection_->close();
    finish({code}, 0, 0, 0, Tell::kNo);
  }
}

}  // namespace millrace::http_server
