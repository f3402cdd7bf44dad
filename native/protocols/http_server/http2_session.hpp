#pragma once

#include <memory>

#include "protocols/http2/multiplexer.hpp"
#include "protocols/http_server/http_config.hpp"
#include "protocols/module.hpp"

namespace millrace::http_server {

/// One HTTP/2 connection of the media port. Each of its requests is a MediaSession, of which alone
/// the control plane may hear, and counts as a connection.
class Http2Session final : public Session, private http2::Multiplexer::Handler {
 public:
  /// @param accepted  with a connection that has been started.
  Http2Session(LoopContext& context, Accepted accepted);
  ~Http2Session() override;

  void start() override { multiplexer_->start(); }
  void on_accept(const Fields& /*options*/) override {}
  void on_reject(ErrorCode /*code*/, std::string_view /*text*/, int /*http_status*/) override {}
  void close(ErrorCode /*code*/) override { multiplexer_->close(); }
  void count(SessionCounters& /*counters*/) const override {}

 private:
  bool has_room() override;
  void on_stream(std::unique_ptr<Connection> stream) override;
  void on_fault(Error error) override;
  void on_end(Error reason) override;

  std::unique_ptr<http2::Multiplexer> multiplexer_;
  const uint16_t local_port_;
};

}  // namespace millrace::http_server
