#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "rtp/packet/media_packet.hpp"

namespace millrace::rtp {

/// The newest packets of one track (one layer of it), for retransmissions to all of its viewers:
/// kept once per track, not per viewer. Bounded in packets, bytes and time.
class PacketHistory {
 public:
  /// @param capacity  most packets; a power of two.
  PacketHistory(size_t capacity, size_t max_bytes, Duration max_age)
      : slots_(capacity), mask_(capacity - 1), max_bytes_(max_bytes), max_age_(max_age) {
    assert(capacity > 0 && (capacity & mask_) == 0);
  }

  /// Packets may come out of order; one that is older than all that fit is not kept.
  void add(MediaPacketRef packet);
  /// Lets go of what is older than max_age.
  void trim(Time now);
  /// @return null when it is not here (any more).
  [[nodiscard]] MediaPacketRef find(int64_t index) const;

  [[nodiscard]] size_t size() const { return count_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] size_t place(int64_t index) const { return static_cast<size_t>(index) & mask_; }
  void drop(MediaPacketRef& slot);
  void drop_oldest();

  std::vector<MediaPacketRef> slots_;
  const size_t mask_;
  const size_t max_bytes_;
  const Duration max_age_;
  int64_t oldest_ = 0;  // nothing before it is kept
  int64_t newest_ = -1;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

}  // namespace millrace::rtp
