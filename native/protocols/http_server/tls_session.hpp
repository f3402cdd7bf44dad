#pragma once

#include <memory>

#include "protocols/module.hpp"

namespace millrace::http_server {

/// A connection of the media port until its TLS handshake has shown which HTTP it speaks; then it
/// goes on as a MediaSession or an Http2Session.
class TlsSession final : public UntoldSession, private Connection::Owner {
 public:
  TlsSession(LoopContext& context, Accepted accepted);
  ~TlsSession() override;

  void start() override;
  void close(ErrorCode code) override;

 private:
  void on_bytes(Bytes bytes) override;
  void on_closed(Error error) override;

  std::unique_ptr<Connection> connection_;
  const uint16_t local_port_;
  Timer deadline_;
};

}  // namespace millrace::http_server
