#include "protocols/http2/request_head.hpp"

#include <algorithm>
#include <array>

namespace millrace::http2 {

namespace {

// What each field counts for beside its text, RFC 9113 §6.5.2.
constexpr size_t kFieldOverhead = 32;

/// Of the connection, or told in other words: not to be passed on.
bool is_left_out(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{
      "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "host"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Nothing that would end the request line or one of its parts.
bool is_one_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
    return static_cast<unsigned char>(byte) > ' ' && byte != '\x7f';
  });
}

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

void RequestHead::add(std::string_view name, std::string_view value,
                      const http::RequestLimits& limits) {
  bytes_ += name.size() + value.size() + kFieldOverhead;
  ++count_;
  if (bytes_ > limits.head_bytes || count_ > limits.header_count) {
    too_large_ = true;
    return;
  }
  if (name == ":method") {
    method_ = value;
  } else if (name == ":path") {
    path_ = value;
  } else if (name == ":authority") {
    authority_ = value;
  } else if (name == "host") {
    host_ = value;
  } else if (!name.empty() && name[0] != ':' && !is_left_out(name) && is_one_line(value)) {
    has_length_ = has_length_ || name == "content-length";
    fields_.append(name).append(": ").append(value).append("\r\n");
  }
}

unsigned RequestHead::refusal() const {
  if (too_large_) {
    return 431;
  }
  const std::string& host = authority_.empty() ? host_ : authority_;
  // CONNECT has no path.
  return is_one_word(method_) && is_one_word(path_) && (host.empty() || is_one_word(host)) ? 0
                                                                                           : 400;
}

std::string RequestHead::text(bool has_body) const {
  std::string text;
  text.reserve(method_.size() + path_.size() + authority_.size() + fields_.size() + 128);
  text.append(method_).append(" ").append(path_).append(" HTTP/1.1\r\nHost: ");
  text.append(authority_.empty() ? host_ : authority_).append("\r\n").append(fields_);
  if (has_body && !has_length_) {
    text.append("Transfer-Encoding: chunked\r\n");
  }
  return text.append("Connection: close\r\n\r\n");
}

}  // namespace millrace::http2
