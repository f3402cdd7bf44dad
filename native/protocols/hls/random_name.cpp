#include "protocols/hls/random_name.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace millrace::hls {

std::string random_name(size_t length) {
  static constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string name;
  while (name.size() < length) {
    std::array<uint8_t, 32> random{};
    if (::RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
      return {};
    }
    for (const uint8_t byte : random) {
      // 252 = 7 x 36: the rest would make the first digits likelier.
      if (byte < 252 && name.size() < length) {
        name += kDigits[byte % kDigits.size()];
      }
    }
  }
  return name;
}

}  // namespace millrace::hls
