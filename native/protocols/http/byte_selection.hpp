#pragma once

#include <cstdint>
#include <string>

#include "protocols/http/preconditions.hpp"
#include "protocols/http/range.hpp"
#include "protocols/http/request.hpp"

namespace millrace::http {

/// Which bytes of a representation answer a GET or HEAD, and with what status.
struct ByteSelection {
  unsigned status = 200;  // 200, 206, 304, 416
  uint64_t offset = 0;
  uint64_t size = 0;
  std::string content_range;  // field of 206 and 416; else empty
};

/// From If-None-Match, If-Modified-Since, If-Range and Range.
/// @param size  bytes of the whole representation.
[[nodiscard]] ByteSelection select_bytes(const Request& request, const Validators& validators,
                                         uint64_t size);

/// From a range that was found elsewhere.
[[nodiscard]] ByteSelection select_bytes(const RangeSelection& selection, uint64_t size);

}  // namespace millrace::http
