#include "rtp/jitter/reorder_buffer.hpp"

#include <utility>

namespace millrace::rtp {

ReorderBuffer::Inserted ReorderBuffer::insert(MediaPacketRef packet) {
  assert(!overflow_);
  const int64_t index = packet->index;
  if (!next_) {
    next_ = index;
  }
  if (index < *next_) {
    return Inserted::kTooLate;
  }
  if (!fits(index)) {
    overflow_ = std::move(packet);
    return Inserted::kYes;
  }
  return place(packet) ? Inserted::kYes : Inserted::kDuplicate;
}

bool ReorderBuffer::place(MediaPacketRef& packet) {
  make_room_for(packet->index);
  MediaPacketRef& place = slot(packet->index);
  if (place) {
    return false;
  }
  place = std::move(packet);
  ++waiting_;
  return true;
}

/// Most streams never have a long gap.
void ReorderBuffer::make_room_for(int64_t index) {
  const auto needed = static_cast<size_t>(index - *next_) + 1;
  if (needed <= slots_.size()) {
    return;
  }
  std::vector<MediaPacketRef> larger(std::bit_ceil(needed));
  for (size_t i = 0; i < slots_.size(); ++i) {
    const int64_t at = *next_ + static_cast<int64_t>(i);
    larger[static_cast<size_t>(at) & (larger.size() - 1)] = std::move(slot(at));
  }
  slots_.swap(larger);
}

void ReorderBuffer::restart_at(int64_t index) {
  for (MediaPacketRef& place : slots_) {
    place = nullptr;
  }
  overflow_ = nullptr;
  waiting_ = 0;
  next_ = index;
}

int64_t ReorderBuffer::first_waiting() const {
  int64_t index = *next_;
  while (!slot(index)) {
    ++index;
  }
  return index;
}

MediaPacketRef ReorderBuffer::pop(Time now) {
  if (!next_) {
    return nullptr;
  }
  if (overflow_ && waiting_ == 0) {
    lost_ += static_cast<uint64_t>(overflow_->index - *next_);
    next_ = overflow_->index;
  }
  if (overflow_ && fits(overflow_->index)) {
    (void)place(overflow_);
    overflow_ = nullptr;
  }
  if (waiting_ == 0) {
    return nullptr;
  }
  if (!slot(*next_)) {
    const int64_t first = first_waiting();
    if (!overflow_ && now - slot(first)->arrival < max_delay_) {
      return nullptr;
    }
    lost_ += static_cast<uint64_t>(first - *next_);
    next_ = first;
  }
  --waiting_;
  return std::exchange(slot((*next_)++), nullptr);
}

std::optional<Time> ReorderBuffer::next_deadline() const {
  if (waiting_ == 0) {
    return std::nullopt;
  }
  return slot(first_waiting())->arrival + max_delay_;
}

}  // namespace millrace::rtp
