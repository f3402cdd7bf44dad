#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_writer.hpp"
#include "base/clock.hpp"
#include "rtp/packet/unwrapper.hpp"

namespace millrace::rtp {

/// Reports to a sender which of its packets came and when, so that it can estimate the bandwidth.
/// Source: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3. One per session, over all its
/// SSRCs.
class TransportFeedbackSender {
 public:
  /// @param interval  between two messages; the draft's authors send 5 to 20 a second.
  explicit TransportFeedbackSender(Duration interval = milliseconds(100)) : interval_(interval) {}

  /// @param transport_sequence_number  of the header extension, of every packet that has it.
  void on_packet(uint16_t transport_sequence_number, Time arrival);

  /// Writes a message if one is due.
  /// @return false when none is, or `writer` has no room for it. Call again while it is true.
  bool poll(Time now, uint32_t sender_ssrc, uint32_t media_ssrc, ByteWriter& writer);
  [[nodiscard]] std::optional<Time> next_deadline() const {
    return arrivals_.empty() ? std::nullopt : std::optional(due_);
  }

 private:
  /// Packets that are kept until they are reported: 100 ms of 40 Mb/s are 400.
  static constexpr size_t kMaxPending = 4096;

  const Duration interval_;
  SequenceUnwrapper unwrapper_;
  std::optional<Time> start_;
  int64_t first_ = 0;                             // number of arrivals_[0]
  std::vector<std::optional<int64_t>> arrivals_;  // in ticks since start_; the last is there
  Time due_{};
  uint8_t feedback_count_ = 0;
  bool reported_ = false;
};

}  // namespace millrace::rtp
