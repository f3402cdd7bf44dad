#pragma once

#include <string_view>

namespace millrace::http {

/// Reason phrase of a status code. Source: RFC 9110 §15, RFC 6585. Codes that are not listed get a
/// word for their class.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace millrace::http
