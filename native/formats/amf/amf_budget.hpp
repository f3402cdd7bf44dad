#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "formats/amf/amf_value.hpp"

namespace millrace {

/// What is left of AmfLimits while one message is read. Copies count alone.
class AmfBudget {
 public:
  explicit AmfBudget(const AmfLimits& limits)
      : max_depth_(limits.max_depth),
        values_left_(limits.max_values),
        text_left_(limits.max_text_bytes) {}

  /// Asked once for each value. @param depth  of the value: 0 at the top.
  [[nodiscard]] Status take_value(uint32_t depth) {
    if (depth > max_depth_) {
      return Error{ErrorCode::kAmfTooDeep, depth};
    }
    if (values_left_ == 0) {
      return ErrorCode::kAmfTooLarge;
    }
    --values_left_;
    return {};
  }
  [[nodiscard]] Status take_text(size_t bytes) {
    if (bytes > text_left_) {
      return Error{ErrorCode::kAmfTooLarge, static_cast<uint32_t>(bytes)};
    }
    text_left_ -= static_cast<uint32_t>(bytes);
    return {};
  }

 private:
  uint32_t max_depth_;
  uint32_t values_left_;
  uint32_t text_left_;
};

}  // namespace millrace
