#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/byte_reader.hpp"

namespace millrace {

/// Big-endian writes into borrowed room. The caller has computed the size; writing past the end is
/// our own mistake and asserts.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<uint8_t> room) : room_(room) {}

  [[nodiscard]] size_t size() const { return at_; }
  [[nodiscard]] size_t room_left() const { return room_.size() - at_; }
  [[nodiscard]] Bytes written() const { return room_.first(at_); }

  void u8(uint32_t value) { big_endian(value, 1); }
  void u16(uint32_t value) { big_endian(value, 2); }
  void u24(uint32_t value) { big_endian(value, 3); }
  void u32(uint32_t value) { big_endian(value, 4); }
  void u64(uint64_t value) { big_endian(value, 8); }
  void u32_le(uint32_t value) { big_endian(__builtin_bswap32(value), 4); }
  void f64(double value) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    u64(bits);
  }
  void bytes(Bytes data) {
    assert(data.size() <= room_left());
    if (!data.empty()) {
      std::memcpy(room_.data() + at_, data.data(), data.size());
      at_ += data.size();
    }
  }
  void text(std::string_view data) {
    bytes({reinterpret_cast<const uint8_t*>(data.data()), data.size()});
  }
  void fill(uint8_t value, size_t count) {
    assert(count <= room_left());
    std::memset(room_.data() + at_, value, count);
    at_ += count;
  }

 private:
  void big_endian(uint64_t value, size_t size) {
    assert(size <= room_left());
    for (size_t i = 0; i < size; ++i) {
      room_[at_ + i] = static_cast<uint8_t>(value >> (8 * (size - 1 - i)));
    }
    at_ += size;
  }

  std::span<uint8_t> room_;
  size_t at_ = 0;
};

}  // namespace millrace
