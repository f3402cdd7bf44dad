#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace millrace {

/// The parts of a stream's name.
enum class NamePart : uint8_t { kVhost, kApp, kStream };

/// Longest part, in bytes: file systems take no longer name.
inline constexpr size_t kMaxNameBytes = 256;

/// The one check of names for all protocols. Names become parts of paths, URLs, log lines and keys,
/// so they are made of letters, digits, `.`, `_`, `-` and `~`; an app also of single slashes, but
/// not at its ends. No segment is `.` or begins with `..`.
/// @return kNameInvalid, with the offset of what is wrong (the length, for names that are too
/// long).
[[nodiscard]] Status validate_name(NamePart part, std::string_view name);

}  // namespace millrace
