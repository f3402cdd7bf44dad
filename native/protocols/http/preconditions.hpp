#pragma once

#include <cstdint>
#include <string_view>

#include "protocols/http/request.hpp"

namespace millrace::http {

/// What tells one state of a representation from another. Source: RFC 9110 §8.8.
struct Validators {
  std::string_view etag;        // strong, with its quotes; empty: none
  int64_t modified_unix_s = 0;  // Last-Modified; 0: not known
};

/// @return whether a GET or HEAD is to be answered with 304: If-None-Match, and only without it
/// If-Modified-Since. Source: RFC 9110 §13.1.2, §13.1.3, §13.2.2.
[[nodiscard]] bool is_not_modified(const Request& request, const Validators& validators);

/// @return whether a Range field counts: there is no If-Range, or it names this state, which only a
/// strong comparison may say. Source: RFC 9110 §13.1.5.
[[nodiscard]] bool range_applies(const Request& request, const Validators& validators);

}  // namespace millrace::http
