#pragma once

#include <cstddef>
#include <cstdint>

#include "base/byte_reader.hpp"

namespace millrace {

/// Checked bit reads, most significant bit first. Like ByteReader: past the end zeros come out and
/// ok() stays false. Emulation prevention bytes must have been removed before (see codecs/).
class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] size_t bits_left() const { return bytes_.size() * 8 - at_; }
  [[nodiscard]] size_t position() const { return at_; }

  /// @param count  0 to 64 bits.
  uint64_t bits(unsigned count) {
    if (count > bits_left()) {
      fail();
      return 0;
    }
    uint64_t value = 0;
    while (count > 0) {
      const unsigned left_in_byte = 8 - static_cast<unsigned>(at_ & 7);
      const unsigned take = count < left_in_byte ? count : left_in_byte;
      const unsigned byte = bytes_[at_ >> 3];
      const unsigned part = byte >> (left_in_byte - take) & ((1U << take) - 1U);
      value = value << take | part;
      at_ += take;
      count -= take;
    }
    return value;
  }
  uint32_t u(unsigned count) { return static_cast<uint32_t>(bits(count)); }
  bool flag() { return bits(1) != 0; }
  void skip(size_t count) {
    if (count > bits_left()) {
      fail();
      return;
    }
    at_ += count;
  }

  /// Unsigned Exp-Golomb code, ITU-T H.264 §9.1. More than 32 leading zeros fail.
  uint32_t ue() {
    unsigned zeros = 0;
    while (ok() && !flag()) {
      if (++zeros > 32) {
        fail();
      }
    }
    if (!ok() || zeros == 0) {
      return 0;
    }
    const uint64_t value = (uint64_t{1} << zeros) - 1 + bits(zeros);
    if (value > UINT32_MAX) {
      fail();
      return 0;
    }
    return static_cast<uint32_t>(value);
  }
  /// Signed Exp-Golomb code, ITU-T H.264 §9.1.1.
  int32_t se() {
    const uint32_t code = ue();
    const auto half = static_cast<int64_t>((uint64_t{code} + 1) >> 1);
    return static_cast<int32_t>((code & 1U) != 0 ? half : -half);
  }

  void fail() {
    failed_ = true;
    at_ = bytes_.size() * 8;
  }

 private:
  Bytes bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace millrace
