#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::http {

/// Methods that some part of the server answers. Source: RFC 9110 §9.3, RFC 5789 (PATCH).
enum class Method : uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kOther };

/// HTTP/1.0 and HTTP/1.1, the versions a Request can have.
enum class Version : uint8_t { k10, k11 };

/// One field line; `value` without blanks around it.
struct Header {
  std::string_view name;
  std::string_view value;
};

/// The head of one request. All views point into the RequestParser that made it and are valid until
/// its poll() returns the next event after kComplete.
struct Request {
  Method method = Method::kOther;
  Version version = Version::k11;
  std::string_view method_name;
  std::string_view target;  // as sent
  std::string_view path;    // decoded once and normalised, see Target
  std::string_view query;   // as sent, without `?`
  std::string_view
      host;  // `host[:port]`: the target's authority, else the Host field; may be empty
  std::span<const Header> headers;
  bool keep_alive = false;       // the peer wants, and its version allows, another request
  bool expect_continue = false;  // `Expect: 100-continue`: it waits before it sends the body
  bool wants_upgrade = false;    // `Connection: upgrade` with an Upgrade field
  bool chunked = false;          // the body is in chunks
  std::optional<uint64_t> content_length;  // bytes of the body, when it is not in chunks

  [[nodiscard]] bool is_get_or_head() const {
    return method == Method::kGet || method == Method::kHead;
  }
  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  /// @return the first field of that name, without case; nullopt when there is none.
  [[nodiscard]] std::optional<std::string_view> find_header(std::string_view name) const;
  /// @return the first field of that name; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    return find_header(name).value_or(std::string_view{});
  }
};

}  // namespace millrace::http
