#pragma once

#include <memory>
#include <string>

#include "protocols/srt/handshake_gate.hpp"
#include "protocols/srt/link.hpp"
#include "protocols/srt/stream_id.hpp"

namespace millrace::srt {

/// One SRT caller. The handshake is over but for our last answer, which waits in its port's
/// HandshakeGate for the decision.
class SrtSession final : public Session, private Link::Owner {
 public:
  /// Who called, and at which port.
  struct Caller {
    Socket socket;
    Address peer;
    uint16_t local_port = 0;
    StreamId id;
    std::shared_ptr<HandshakeGate> gate;
  };

  /// @param caller  its socket becomes that of the link, which begin() makes.
  SrtSession(LoopContext& context, Caller caller);
  ~SrtSession() override;

  /// Makes the session of a caller, on its loop, unless there are too many connections.
  static void begin(LoopContext& context, Driver& driver, Caller caller);

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
  const std::shared_ptr<HandshakeGate> gate_;
  bool answered_ = false;
  std::unique_ptr<Link> link_;
};

}  // namespace millrace::srt
