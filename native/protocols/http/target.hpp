#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace millrace::http {

/// A request target, taken apart. The views point into the text that was parsed, `path` into the
/// storage that the caller gave.
struct Target {
  /// Decoded once and normalised: begins with `/`, has no empty, `.` or `..` segment, no control
  /// character, no backslash, and is UTF-8. Ends with `/` when the target's path did. For the
  /// asterisk-form it is `*`.
  std::string_view path;
  /// What follows the first `?`, as sent; empty when there is none.
  std::string_view query;
  /// Authority of the absolute-form, which replaces the Host field (RFC 9112 §3.2.2); else empty.
  std::string_view authority;
};

/// Takes a request target apart. Source: RFC 9112 §3.2 (forms), RFC 3986 §2.1 and §6.2.2.
///
/// A path is decoded exactly once, so `%252e` is the name `%2e`. Whatever means different things to
/// different readers of a path is refused and not repaired: `..` segments in any encoding, encoded
/// slashes, backslashes, NUL and other control characters, fragments, bytes outside ASCII, and
/// decoded text that is not UTF-8 (overlong forms of `.` and `/` among it). `//` and `/./` become
/// `/`.
///
/// The authority-form is not known: it belongs to CONNECT, which no part of the server offers.
/// @param storage  keeps the decoded path; its capacity is used again from request to request.
/// @return kHttpPathInvalid with the offset of the byte that is refused.
[[nodiscard]] Result<Target> parse_target(std::string_view target, std::string& storage);

/// @return whether `authority` is `host[:port]` in bytes that a host name, an IPv4 address or a
/// bracketed IPv6 address may have. Source: RFC 3986 §3.2; user information is refused (RFC 9110
/// §4.2.4).
[[nodiscard]] bool is_host(std::string_view authority);

/// The name part of `host[:port]`, without brackets of an IPv6 address.
[[nodiscard]] std::string_view host_name(std::string_view authority);

}  // namespace millrace::http
