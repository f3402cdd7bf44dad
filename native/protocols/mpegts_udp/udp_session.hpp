#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "control/session.hpp"
#include "control/session_counters.hpp"
#include "protocols/mpegts_udp/udp_source.hpp"
#include "protocols/ts_ingest.hpp"

namespace millrace::mpegts_udp {

/// One sender of MPEG-TS over UDP, from its first packet until it is silent for too long.
class UdpSession final : public Session {
 public:
  /// @param source  whose port it is, for the session's life.
  UdpSession(LoopContext& context, const Address& sender, uint16_t local_port, UdpSource& source);

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;

  /// A datagram, without an RTP header. What comes before the decision is kept for it, within a
  /// bound.
  void take(Bytes datagram);

 private:
  void on_deadline();
  void end(Error error);

  const Address sender_;
  const uint16_t local_port_;
  UdpSource& source_;
  std::unique_ptr<TsIngest> ingest_;
  std::vector<uint8_t> early_;  // before the decision: the first random access point may be in it
  Duration timeout_{0};
  Time last_datagram_;
  uint64_t bytes_in_ = 0;
  SessionCounters counted_;  // of the publication when it has ended
  Timer deadline_;
};

}  // namespace millrace::mpegts_udp
