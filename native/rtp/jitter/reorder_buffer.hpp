#pragma once

#include <algorithm>
#include <bit>
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

  /// @param capacity   longest span of indices that waits; a power of two. Memory is taken as gaps
  ///                   need it.
  /// @param max_delay  0 hands packets on as they come and drops the late ones.
  ReorderBuffer(size_t capacity, Duration max_delay)
      : slots_(std::min(capacity, kFirstSlots)), capacity_(capacity), max_delay_(max_delay) {
    assert(std::has_single_bit(capacity));
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
  static constexpr size_t kFirstSlots = 16;

  [[nodiscard]] MediaPacketRef& slot(int64_t index) {
    return slots_[static_cast<size_t>(index) & (slots_.size() - 1)];
  }
  [[nodiscard]] const MediaPacketRef& slot(int64_t index) const {
    return slots_[static_cast<size_t>(index) & (slots_.size() - 1)];
  }
  [[nodiscard]] bool fits(int64_t index) const {
    return index - *next_ < static_cast<int64_t>(capacity_);
  }
  /// Puts a packet that fits in its place. @return false when one is there.
  bool place(MediaPacketRef& packet);
  void make_room_for(int64_t index);
  [[nodiscard]] int64_t first_waiting() const;

  std::vector<MediaPacketRef> slots_;
  const size_t capacity_;
  const Duration max_delay_;
  std::optional<int64_t> next_;
  size_t waiting_ = 0;       // in the slots
  MediaPacketRef overflow_;  // too far ahead for the capacity; what is before it must go
  uint64_t lost_ = 0;
};

}  // namespace millrace::rtp
