#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "hub/packet_source.hpp"
#include "media/frame.hpp"

namespace millrace {

/// Frames and packets on their way from the loops that publish to one loop that mirrors: bounded,
/// many writers, one reader, no lock, no allocation. A writer that finds it full does not wait; it
/// drops up to the next random access point of its stream (see Stream).
class FrameQueue {
 public:
  struct Item {
    enum class Kind : uint8_t { kTrack, kDerivedTrack, kFrame, kPacket, kEnd } kind = Kind::kFrame;
    uint64_t mirror = 0;
    uint64_t publication =
        0;  // whose item it is: one that was overtaken by a task of a later one is void
    TrackRef track;
    FrameRef frame;
    PacketSourceRef source{};
    rtp::MediaPacketRef packet{};
  };

  /// @param capacity  a power of two.
  explicit FrameQueue(size_t capacity)
      : slots_(std::make_unique<Slot[]>(capacity)), mask_(capacity - 1) {
    for (size_t i = 0; i < capacity; ++i) {
      slots_[i].turn.store(i, std::memory_order_relaxed);
    }
  }

  /// Any thread. @return false when full; `item` is then untouched.
  bool push(Item&& item) {
    uint64_t at = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Slot& slot = slots_[at & mask_];
      const uint64_t turn = slot.turn.load(std::memory_order_acquire);
      if (turn == at) {
        if (tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
          slot.item = std::move(item);
          slot.turn.store(at + 1, std::memory_order_release);
          return true;
        }
      } else if (turn < at) {
        return false;  // the reader has not emptied it since the last round
      } else {
        at = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  /// The reading loop only. @return false when empty.
  bool pop(Item& item) {
    Slot& slot = slots_[head_ & mask_];
    if (slot.turn.load(std::memory_order_acquire) != head_ + 1) {
      return false;
    }
    item = std::move(slot.item);
    slot.item = Item{};
    slot.turn.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    return true;
  }

  /// Items in it, about; the reading loop only.
  [[nodiscard]] size_t size() const {
    return static_cast<size_t>(tail_.load(std::memory_order_relaxed) - head_);
  }

 private:
  // A slot says by its turn whose it is: equal to the position, a writer's; one more, the reader's.
  struct alignas(64) Slot {
    std::atomic<uint64_t> turn{0};
    Item item;
  };
  std::unique_ptr<Slot[]> slots_;
  const size_t mask_;
  alignas(64) std::atomic<uint64_t> tail_{0};
  alignas(64) uint64_t head_ = 0;
};

}  // namespace millrace
