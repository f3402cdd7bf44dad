#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocols/http/request_parser.hpp"

namespace millrace::http2 {

/// The fields of one request as they come, turned into the head that the HTTP/1.1 parser reads:
/// what is checked there (paths, hosts, lengths, names, values) is then checked once, by the same
/// code, for both versions. Source: RFC 9113 §8.3.
///
/// nghttp2 has refused fields of the connection, upper case, doubled or misplaced pseudo fields and
/// control characters in values before they come here.
class RequestHead {
 public:
  /// Adds a field. What is over the limits is counted, not kept.
  void add(std::string_view name, std::string_view value, const http::RequestLimits& limits);
  /// A status that answers the request instead of a handler; 0: there is none.
  [[nodiscard]] unsigned refusal() const;
  /// The body's length is not told, so that its end must be.
  [[nodiscard]] bool has_length() const { return has_length_; }
  /// @param has_body  more follows than the head. The head asks for the end of the connection: a
  /// stream carries one request.
  [[nodiscard]] std::string text(bool has_body) const;

 private:
  std::string method_;
  std::string path_;
  std::string authority_;
  std::string host_;    // in place of :authority
  std::string fields_;  // lines
  size_t bytes_ = 0;
  size_t count_ = 0;
  bool has_length_ = false;
  bool too_large_ = false;
};

}  // namespace millrace::http2
