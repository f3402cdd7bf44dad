#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::http {

/// @return whether `byte` may be part of a token. Source: RFC 9110 §5.6.2.
[[nodiscard]] bool is_token_byte(char byte);
/// @return whether `text` is a token: not empty, token bytes only.
[[nodiscard]] bool is_token(std::string_view text);

/// ASCII letters compare without case, as field names and most field values do.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Takes spaces and tabs off both ends (OWS, RFC 9110 §5.6.3).
[[nodiscard]] std::string_view trim(std::string_view text);

/// Reads the elements of a comma-separated list (RFC 9110 §5.6.1) one by one, trimmed, empty ones
/// skipped. Quoted strings are not known: none of the fields read with it may hold a quoted comma.
class ListReader {
 public:
  explicit ListReader(std::string_view list) : rest_(list) {}
  /// @return the next element, or nullopt at the end.
  [[nodiscard]] std::optional<std::string_view> next();

 private:
  std::string_view rest_;
};

/// @return whether the comma-separated `list` has `token`, without case.
[[nodiscard]] bool list_has(std::string_view list, std::string_view token);

/// Digits only, no sign, no space.
/// @return nullopt for anything else, and for values over 2^64 - 1.
[[nodiscard]] std::optional<uint64_t> parse_decimal(std::string_view digits);

}  // namespace millrace::http
