#include "formats/mpegts/crc32.hpp"

#include <array>

namespace millrace::mpegts {
namespace {

constexpr uint32_t kPolynomial = 0x04c11db7;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t value = byte << 24;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value << 1) ^ ((value & 0x80000000U) != 0 ? kPolynomial : 0);
    }
    table[byte] = value;
  }
  return table;
}

constexpr auto kTable = make_table();

}  // namespace

uint32_t crc32(Bytes bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc = (crc << 8) ^ kTable[(crc >> 24) ^ byte];
  }
  return crc;
}

}  // namespace millrace::mpegts
