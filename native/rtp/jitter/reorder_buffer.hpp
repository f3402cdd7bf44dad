#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "rtp/packet/media_packet.hpp"

namespace millrace::rtp {

/// Puts RTP packets back in order and gives up on those that do not come.
///
/// Rule of use: insert(), then pop() until null. Packets wait only behind a gap, at most
/// `max_delay` after the first packet behind it came, and at most `capacity` packets.
class ReorderBuffer {
 public:
  enum class Inserted : uint8_t {
    kYes,
    kDuplicate,
    kTooLate,  // its place was handed out or given up
  };

  /// @param capacity   longest span of indices that waits; a power of two.
  /// @param max_delay  0 hands packets on as they come and drops the late ones.
  ReorderBuffer(size_t capacity, Duration max_delay)
      : slots_(capacity), mask_(capacity - 1), max_delay_(max_delay) {
    assert(capacity > 0 && (capacity & mask_) == 0);
  }

  Inserted insert(MediaPacketRef packet);
  /// Gives up what waits and what is missing before `index`: the sender has begun anew there.
  void restart_at(int64_t index);
  /// @return the next packet in order; null when nothing can be handed out yet. A gap in the
  /// indices
  ///         is a loss.
  [[nodiscard]] MediaPacketRef pop(Time now);
  /// When pop() may hand out what waits now.
  [[nodiscard]] std::optional<Time> next_deadline() const;

  [[nodiscard]] size_t waiting() const { return waiting_; }
  /// Packets that were given up so far.
  [[nodiscard]] uint64_t lost() const { return lost_; }

 private:
  [[nodiscard]] MediaPacketRef& slot(int64_t index) {
    return slots_[static_cast<size_t>(index) & mask_];
  }
  [[nodiscard]] const MediaPacketRef& slot(int64_t index) const {
    return slots_[static_cast<size_t>(index) & mask_];
  }
  [[nodiscard]] int64_t first_waiting() const;

  std::vector<MediaPacketRef> slots_;
  const size_t mask_;
  const Duration max_delay_;
  std::optional<int64_t> next_;
  size_t waiting_ = 0;       // in the slots
  MediaPacketRef overflow_;  // too far ahead for the slots; what is before it must go
  uint64_t lost_ = 0;
};

}  // namespace millrace::rtp
