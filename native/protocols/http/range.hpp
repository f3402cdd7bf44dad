#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::http {

/// Bytes `first` to `last`, both included, of a representation.
struct ByteRange {
  uint64_t first = 0;
  uint64_t last = 0;

  [[nodiscard]] uint64_t size() const { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What a request asks to see of a representation.
struct RangeSelection {
  enum class Kind : uint8_t {
    kWhole,          // 200: no range, one that must be ignored, or several
    kPart,           // 206
    kUnsatisfiable,  // 416
  };
  Kind kind = Kind::kWhole;
  ByteRange range;

  friend bool operator==(const RangeSelection&, const RangeSelection&) = default;
};

/// Selects by the value of a Range field. Source: RFC 9110 §14.1.2, §14.2.
///
/// More than one range is answered with the whole representation, which §14.2 allows: no player
/// asks for multipart/byteranges, and answering it is how one small request becomes a large answer.
/// Sets beyond any use (over 16 ranges, over 512 bytes) are unsatisfiable. What does not follow the
/// grammar is ignored.
/// @param size  bytes of the whole representation.
[[nodiscard]] RangeSelection select_range(std::string_view field, uint64_t size);

/// Selects by one `first-last`, `first-` or `-suffix`, as players put it into a query.
[[nodiscard]] RangeSelection select_range_spec(std::string_view spec, uint64_t size);

}  // namespace millrace::http
