#pragma once

#include <array>
#include <cstdint>

namespace millrace::srtp {

/// Which of the last indices were there already, RFC 3711 §3.3.2. Larger than the RFC's least of
/// 64: what is asked for again by NACK comes behind a second of packets.
class ReplayWindow {
 public:
  static constexpr uint64_t kSize = 1024;

  /// @return false for an index that was noted or lies before the window.
  [[nodiscard]] bool is_new(uint64_t index) const {
    if (!any_ || index > highest_) {
      return true;
    }
    return highest_ - index < kSize && (bits_[index % kSize / 64] >> index % 64 & 1) == 0;
  }
  void note(uint64_t index) {
    if (!any_) {
      any_ = true;
      highest_ = index;
    } else if (index > highest_) {
      if (index - highest_ >= kSize) {
        bits_.fill(0);
      } else {
        for (uint64_t at = highest_ + 1; at < index; ++at) {
          bits_[at % kSize / 64] &= ~(uint64_t{1} << at % 64);
        }
      }
      highest_ = index;
    }
    bits_[index % kSize / 64] |= uint64_t{1} << index % 64;
  }
  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] uint64_t highest() const { return highest_; }

 private:
  std::array<uint64_t, kSize / 64> bits_{};
  uint64_t highest_ = 0;
  bool any_ = false;
};

}  // namespace millrace::srtp
