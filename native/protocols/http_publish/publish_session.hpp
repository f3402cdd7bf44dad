#pragma once

#include <memory>
#include <optional>

#include "control/session_counters.hpp"
#include "formats/flv/tag_parser.hpp"
#include "protocols/flv_ingest.hpp"
#include "protocols/http/http_session.hpp"
#include "protocols/module.hpp"

namespace millrace::http_publish {

/// One connection of an encoder that publishes FLV as the body of `POST /app/stream.flv` (or PUT),
/// chunked or with a length. It is answered when its body ends, 200, or when it is refused, with
/// the reason's status; then it may publish again.
class PublishSession final : public Session, private http::HttpSession::Handler {
 public:
  PublishSession(LoopContext& context, Accepted accepted);
  ~PublishSession() override;

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;

 private:
  http::Taken on_request(const http::Request& request) override;
  void on_control_request(const http::Request& request, Bytes body) override;
  void on_body(Bytes bytes) override;
  void on_body_end() override;
  void on_fault(Error error) override;
  void on_end(Error reason) override;

  void on_deadline();
  void give_up(Error error);
  void stop_publishing(ErrorCode code);

  /// A body that is being published.
  struct Publishing {
    flv::TagParser parser;
    FlvIngest ingest;
  };

  std::unique_ptr<http::HttpSession> http_;
  const uint16_t local_port_;
  bool told_ = false;
  std::optional<Publishing> publishing_;
  SessionCounters counted_;  // by publications that have ended
  Timer silence_;
};

extern const ProtocolModule kModule;

}  // namespace millrace::http_publish
