#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::http {

/// Length of an IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`.
constexpr size_t kHttpDateSize = 29;
using HttpDate = std::array<char, kHttpDateSize>;

/// Source: RFC 9110 §5.6.7. Independent of the locale and of the time zone.
/// @param unix_s  seconds since 1970; years 1970 to 9999, others are clamped.
[[nodiscard]] HttpDate format_http_date(int64_t unix_s);

/// Reads an IMF-fixdate, the only form that senders may produce. The two obsolete forms, which no
/// current client sends, are as if the field were not there.
/// @return seconds since 1970.
[[nodiscard]] std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace millrace::http
