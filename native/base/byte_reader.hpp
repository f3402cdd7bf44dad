#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace millrace {

using Bytes = std::span<const uint8_t>;

/// Checked big- and little-endian reads over borrowed bytes. A read past the end returns zeros and
/// makes ok() false for good, so a parser may read a whole structure and look at ok() once, before
/// it uses what it read. Never allocates, never throws.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] size_t remaining() const { return bytes_.size() - at_; }
  [[nodiscard]] size_t position() const { return at_; }
  [[nodiscard]] bool empty() const { return remaining() == 0; }
  /// The bytes not read yet.
  [[nodiscard]] Bytes rest() const { return bytes_.subspan(at_); }

  uint8_t u8() { return static_cast<uint8_t>(big_endian(1)); }
  uint16_t u16() { return static_cast<uint16_t>(big_endian(2)); }
  uint32_t u24() { return static_cast<uint32_t>(big_endian(3)); }
  uint32_t u32() { return static_cast<uint32_t>(big_endian(4)); }
  uint64_t u64() { return big_endian(8); }
  uint16_t u16_le() { return __builtin_bswap16(u16()); }
  uint32_t u32_le() { return __builtin_bswap32(u32()); }
  /// Sign-extended 24 bits, as FLV's composition time.
  int32_t s24() { return static_cast<int32_t>(u24() << 8) >> 8; }
  /// IEEE 754 double, as AMF0's number.
  double f64() {
    const uint64_t bits = u64();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  /// The next `size` bytes, borrowed; empty (and failed) when there are fewer.
  Bytes bytes(size_t size) {
    if (size > remaining()) {
      fail();
      return {};
    }
    const Bytes out = bytes_.subspan(at_, size);
    at_ += size;
    return out;
  }
  void skip(size_t size) { (void)bytes(size); }
  /// Marks the reader failed; for values that are present but not allowed.
  void fail() {
    failed_ = true;
    at_ = bytes_.size();
  }
  /// The byte `ahead` of the next one, without taking it; -1 past the end.
  [[nodiscard]] int peek(size_t ahead = 0) const {
    return ahead < remaining() ? bytes_[at_ + ahead] : -1;
  }

 private:
  uint64_t big_endian(size_t size) {
    if (size > remaining()) {
      fail();
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[at_ + i];
    }
    at_ += size;
    return value;
  }

  Bytes bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace millrace
