#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "rtp/packet/unwrapper.hpp"
#include "rtp/rtcp/transport_feedback.hpp"

namespace millrace::rtp {

/// What became of one packet that was sent.
struct PacketResult {
  Time sent{};
  std::optional<Duration> arrival;  // on the receiver's clock, from anywhere; nullopt: lost
  uint32_t size_bytes = 0;
};

/// Numbers the packets to one viewer (transport-wide sequence number) and matches the feedback with
/// them. Source: draft-holmer-rmcat-transport-wide-cc-extensions-01.
class TransportSendHistory {
 public:
  /// @param capacity  packets under way at most; a power of two, 8 bytes each.
  explicit TransportSendHistory(size_t capacity = 1024) : sent_(capacity) {
    assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
  }

  /// @return the number for the packet's header extension.
  uint16_t on_packet(size_t size_bytes, Time now);

  /// Of all packets.
  [[nodiscard]] uint64_t sent_bytes() const { return sent_bytes_; }

  /// Appends what the message tells of packets that nobody told of before, in the order they were
  /// sent. Packets that it skips are left for the next one.
  void on_feedback(const TransportFeedback& feedback, std::vector<PacketResult>& results);

 private:
  // Every viewer has hundreds of these.
  struct Sent {
    uint32_t time_us = 0;     // the lower bits: packets that are told of are no hour old
    uint32_t size_bytes = 0;  // 0: never sent, or told of before
  };

  std::vector<Sent> sent_;
  int64_t next_ = 0;
  uint64_t sent_bytes_ = 0;
  int64_t newest_us_ = 0;          // when the newest was sent
  Unwrapper<uint32_t> reference_;  // of the reference times, 24 bits in the upper part
};

}  // namespace millrace::rtp
