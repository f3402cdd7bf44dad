#include "formats/mpegts/packet_aligner.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::mpegts {

std::optional<Bytes> PacketAligner::next() {
  for (;;) {
    if (in_step_) {
      if (available() < kPacketBytes) {
        break;
      }
      if (at(0) == kSyncByte) {
        return take();
      }
      in_step_ = false;
      ++losses_;
    }
    if (available() < kLookAhead) {
      break;
    }
    if (at(0) == kSyncByte && at(kPacketBytes) == kSyncByte) {
      in_step_ = true;
      continue;
    }
    if (carry_size_ == carry_used_) {
      // Nothing kept: the next candidate is found at once, whatever lies before it.
      const auto* found =
          static_cast<const uint8_t*>(std::memchr(input_.data() + 1, kSyncByte, input_.size() - 1));
      skip(found != nullptr ? static_cast<size_t>(found - input_.data()) : input_.size());
    } else {
      skip(1);
    }
  }
  keep_rest();
  return std::nullopt;
}

uint8_t PacketAligner::at(size_t index) const {
  const size_t kept = carry_size_ - carry_used_;
  return index < kept ? carry_[carry_used_ + index] : input_[index - kept];
}

void PacketAligner::skip(size_t count) {
  skipped_bytes_ += count;
  const size_t kept = std::min(count, carry_size_ - carry_used_);
  carry_used_ += kept;
  input_ = input_.subspan(count - kept);
}

Bytes PacketAligner::take() {
  const size_t kept = std::min(carry_size_ - carry_used_, kPacketBytes);
  if (kept == 0) {
    const Bytes packet = input_.first(kPacketBytes);
    input_ = input_.subspan(kPacketBytes);
    return packet;
  }
  std::memcpy(packet_.data(), carry_.data() + carry_used_, kept);
  std::memcpy(packet_.data() + kept, input_.data(), kPacketBytes - kept);
  carry_used_ += kept;
  input_ = input_.subspan(kPacketBytes - kept);
  return packet_;
}

/// Less than kLookAhead bytes are left when more are needed.
void PacketAligner::keep_rest() {
  const size_t kept = carry_size_ - carry_used_;
  std::memmove(carry_.data(), carry_.data() + carry_used_, kept);
  if (!input_.empty()) {
    std::memcpy(carry_.data() + kept, input_.data(), input_.size());
  }
  carry_size_ = kept + input_.size();
  carry_used_ = 0;
  input_ = {};
}

}  // namespace millrace::mpegts
