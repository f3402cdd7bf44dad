#include "rtp/send/packet_history.hpp"

#include <algorithm>
#include <utility>

namespace millrace::rtp {

void PacketHistory::drop(MediaPacketRef& slot) {
  bytes_ -= slot->payload().size();
  --count_;
  slot = nullptr;
}

void PacketHistory::drop_oldest() {
  MediaPacketRef& slot = slots_[place(oldest_)];
  if (slot && slot->index == oldest_) {
    drop(slot);
  }
  ++oldest_;
}

void PacketHistory::add(MediaPacketRef packet) {
  const int64_t index = packet->index;
  const auto capacity = static_cast<int64_t>(slots_.size());
  if (count_ == 0) {
    oldest_ = index;
    newest_ = index;
  }
  if (index < oldest_) {
    if (index <= newest_ - capacity) {
      return;
    }
    oldest_ = index;
  }
  newest_ = std::max(newest_, index);
  while (count_ > 0 && oldest_ <= newest_ - capacity) {
    drop_oldest();
  }
  oldest_ = std::max(oldest_, newest_ - capacity + 1);
  MediaPacketRef& slot = slots_[place(index)];
  if (slot) {
    return;  // it is here
  }
  bytes_ += packet->payload().size();
  ++count_;
  slot = std::move(packet);
  while (bytes_ > max_bytes_) {
    drop_oldest();
  }
}

void PacketHistory::trim(Time now) {
  while (count_ > 0) {
    const MediaPacketRef& slot = slots_[place(oldest_)];
    if (slot && now - slot->arrival <= max_age_) {
      return;
    }
    drop_oldest();
  }
}

MediaPacketRef PacketHistory::find(int64_t index) const {
  const MediaPacketRef& slot = slots_[place(index)];
  return slot && slot->index == index ? slot : MediaPacketRef();
}

}  // namespace millrace::rtp
