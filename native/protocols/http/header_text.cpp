#include "protocols/http/header_text.hpp"

#include <algorithm>
#include <array>

namespace millrace::http {

namespace {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int byte = '0'; byte <= '9'; ++byte) {
    table[static_cast<size_t>(byte)] = true;
  }
  for (int byte = 'a'; byte <= 'z'; ++byte) {
    table[static_cast<size_t>(byte)] = true;
    table[static_cast<size_t>(byte - 'a' + 'A')] = true;
  }
  for (const char byte : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<uint8_t>(byte)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> kTokenBytes = make_token_table();

constexpr char to_lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}

constexpr bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace

bool is_token_byte(char byte) { return kTokenBytes[static_cast<uint8_t>(byte)]; }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return to_lower(x) == to_lower(y);
         });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<std::string_view> ListReader::next() {
  while (!rest_.empty()) {
    const size_t comma = std::min(rest_.find(','), rest_.size());
    const std::string_view element = trim(rest_.substr(0, comma));
    rest_.remove_prefix(std::min(comma + 1, rest_.size()));
    if (!element.empty()) {
      return element;
    }
  }
  return std::nullopt;
}

bool list_has(std::string_view list, std::string_view token) {
  ListReader reader(list);
  while (const auto element = reader.next()) {
    if (equals_ignoring_case(*element, token)) {
      return true;
    }
  }
  return false;
}

std::optional<uint64_t> parse_decimal(std::string_view digits) {
  if (digits.empty()) {
    return std::nullopt;
  }
  uint64_t value = 0;
  for (const char byte : digits) {
    if (byte < '0' || byte > '9') {
      return std::nullopt;
    }
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(byte - '0'), &value)) {
      return std::nullopt;
    }
  }
  return value;
}

}  // namespace millrace::http
