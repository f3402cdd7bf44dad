#pragma once

#include <memory>

#include "protocols/http2/multiplexer.hpp"
#include "protocols/http_server/http_config.hpp"
#include "protocols/module.hpp"

namespace millrace::http_server {

/// One HTTP/2 connection of the media port. Each of its requests is a MediaSession, of which alone
/// the control plane may hear, and counts as a connection; among those of its address all but one.
class Http2Session final : public UntoldSession, private http2::Multiplexer::Handler {
 public:
  /// @param accepted  with a connection that has been started.
  Http2Session(LoopContext& context, Accepted accepted);
  ~Http2Session() override;

  void start() override { multiplexer_->start(); }
  void close(ErrorCode code) override { multiplexer_->close({code}); }

 private:
  unsigned refusal() override;
  void on_stream(std::unique_ptr<Connection> stream) override;
  void on_fault(Error error) override;
  void on_end(Error reason) override;

  std::unique_ptr<http2::Multiplexer> multiplexer_;
  AddressCounts::Place stream_place_;  // of the request that comes next
  const uint16_t local_port_;
};

}  // namespace millrace::http_server
