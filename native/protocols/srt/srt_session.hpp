#pragma once

#include <memory>
#include <string>

#include "protocols/srt/link.hpp"
#include "protocols/srt/stream_id.hpp"

namespace millrace::srt {

/// One SRT caller. The handshake is over but for our last answer, which waits in the HandshakeGate
/// for the decision.
class SrtSession final : public Session, private Link::Owner {
 public:
  SrtSession(LoopContext& context, const Address& peer, uint16_t local_port, StreamId id);
  ~SrtSession() override;

  /// Makes the session of a caller, on its loop, unless there are too many connections.
  static void begin(LoopContext& context, Driver& driver, Socket socket, const Address& peer,
                    uint16_t local_port, StreamId id);

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;

 private:
  void on_link_ended(Error error) override;
  void on_tracks(const Stream& stream) override;
  void end(Error error);

  const Address peer_;
  const uint16_t local_port_;
  const StreamId id_;
  bool answered_ = false;
  std::unique_ptr<Link> link_;
};

}  // namespace millrace::srt
