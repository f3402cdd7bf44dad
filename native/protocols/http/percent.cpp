#include "protocols/http/percent.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::http {

namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::optional<char> decode_percent(std::string_view text) {
  if (text.size() < 3) {
    return std::nullopt;
  }
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  if (high < 0 || low < 0) {
    return std::nullopt;
  }
  return static_cast<char>(high << 4 | low);
}

std::string encode_path(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~/!$&'()*+,;=:@";
  std::string out;
  out.reserve(path.size());
  for (const char byte : path) {
    const char lower = static_cast<char>(byte | 0x20);
    if ((lower >= 'a' && lower <= 'z' && static_cast<uint8_t>(byte) < 0x80) ||
        (byte >= '0' && byte <= '9') || kPlain.find(byte) != std::string_view::npos) {
      out.push_back(byte);
    } else {
      const auto value = static_cast<uint8_t>(byte);
      out.push_back('%');
      out.push_back(kDigits[value >> 4]);
      out.push_back(kDigits[value & 15]);
    }
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<uint8_t>(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - at < size) {
      return false;
    }
    // The first continuation byte carries the limits of RFC 3629's table, the others are 80..bf.
    const auto second = static_cast<uint8_t>(text[at + 1]);
    const uint8_t lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) {
      return false;
    }
    for (size_t i = 2; i < size; ++i) {
      if ((static_cast<uint8_t>(text[at + i]) & 0xc0) != 0x80) {
        return false;
      }
    }
    at += size;
  }
  return true;
}

}  // namespace millrace::http
