#include "protocols/http2/response_head.hpp"

#include <algorithm>
#include <array>

#include "protocols/http/header_text.hpp"

namespace millrace::http2 {

namespace {

constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::string_view kVersion = "HTTP/1.1 ";

bool is_of_connection(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{"connection", "keep-alive", "transfer-encoding",
                                                   "upgrade"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

size_t ResponseHead::feed(std::string_view bytes) {
  if (complete_) {
    return 0;
  }
  const size_t before = text_.size();
  text_.append(bytes);
  const size_t looked_at = before - std::min(before, kEnd.size() - 1);
  const size_t end = text_.find(kEnd, looked_at);
  if (end == std::string::npos) {
    return bytes.size();
  }
  complete_ = true;
  text_.resize(end + kEnd.size());
  return text_.size() - before;
}

std::string_view ResponseHead::status() const {
  constexpr size_t kDigits = 3;
  const std::string_view text = text_;
  return text.substr(0, kVersion.size()) == kVersion && text.size() >= kVersion.size() + kDigits
             ? text.substr(kVersion.size(), kDigits)
             : std::string_view();
}

std::vector<http::Header> ResponseHead::fields() {
  std::vector<http::Header> fields;
  size_t at = text_.find("\r\n");
  while (at != std::string::npos) {
    at += 2;
    const size_t end = text_.find("\r\n", at);
    if (end == std::string::npos || end == at) {
      break;
    }
    if (const size_t colon = text_.find(':', at); colon < end) {
      std::transform(text_.begin() + static_cast<std::ptrdiff_t>(at),
                     text_.begin() + static_cast<std::ptrdiff_t>(colon),
                     text_.begin() + static_cast<std::ptrdiff_t>(at),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
      const std::string_view line = std::string_view(text_).substr(at, end - at);
      const std::string_view name = line.substr(0, colon - at);
      if (!is_of_connection(name)) {
        fields.push_back({name, http::trim(line.substr(colon - at + 1))});
      }
    }
    at = end;
  }
  return fields;
}

void ResponseHead::clear() {
  std::string().swap(text_);
  complete_ = false;
}

}  // namespace millrace::http2
