#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::http {

/// Reads one percent-encoded byte. Source: RFC 3986 §2.1.
/// @param text  begins with `%`.
/// @return nullopt when two hexadecimal digits do not follow.
[[nodiscard]] std::optional<char> decode_percent(std::string_view text);

/// Writes a decoded path so that it can stand in a Location field: everything but unreserved
/// characters, `/` and what is harmless in a path is percent-encoded. Source: RFC 3986 §3.3.
[[nodiscard]] std::string encode_path(std::string_view path);

/// @return whether `text` is well-formed UTF-8: no overlong form, no surrogate, nothing over
/// U+10FFFF. Source: RFC 3629 §4.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace millrace::http
