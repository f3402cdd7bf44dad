#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/http/request.hpp"

namespace millrace::http2 {

/// Takes the head of an HTTP/1.1 answer, as the ResponseWriter makes it, off the bytes of a stream.
/// Source: RFC 9113 §8.3.2.
class ResponseHead {
 public:
  /// Adds the next bytes. @return how many of them belong to the head.
  size_t feed(std::string_view bytes);
  /// The head is whole: status() and fields() may be asked.
  [[nodiscard]] bool complete() const { return complete_; }
  /// Three digits; empty when what came is no head.
  [[nodiscard]] std::string_view status() const;
  /// An interim answer: the other head follows, after clear().
  [[nodiscard]] bool is_interim() const { return !status().empty() && status().front() == '1'; }
  /// Names in lower case, without the fields of the connection. Valid until clear().
  [[nodiscard]] std::vector<http::Header> fields();
  void clear();

 private:
  std::string text_;
  bool complete_ = false;
};

}  // namespace millrace::http2
