#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

namespace millrace::rtp {

/// Turns a counter that wraps into one that does not: each value is taken as the one nearest to the
/// newest so far, so late packets get smaller numbers. Source: RFC 3550 Appendix A.1.
template <typename T>
class Unwrapper {
 public:
  static_assert(std::is_unsigned_v<T>);

  /// The first value starts in the first cycle, as it is. What came before it may be negative.
  int64_t unwrap(T value) {
    const int64_t out = peek(value);
    if (!newest_ || out > *newest_) {
      newest_ = out;
    }
    return out;
  }
  /// Without moving the newest value.
  [[nodiscard]] int64_t peek(T value) const {
    if (!newest_) {
      return value;
    }
    const auto step =
        static_cast<std::make_signed_t<T>>(static_cast<T>(value - static_cast<T>(*newest_)));
    return *newest_ + step;
  }
  [[nodiscard]] std::optional<int64_t> newest() const { return newest_; }
  void reset() { newest_.reset(); }

 private:
  std::optional<int64_t> newest_;
};

using SequenceUnwrapper = Unwrapper<uint16_t>;
using TimestampUnwrapper = Unwrapper<uint32_t>;

}  // namespace millrace::rtp
