#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"

namespace millrace::stun {

/// Bytes of the header, RFC 8489 §5.
constexpr size_t kHeaderSize = 20;
/// Longest message that is looked at: a check fits the smallest IPv6 MTU.
constexpr size_t kMaxMessageSize = 1280;

using TransactionId = std::array<uint8_t, 12>;

enum class Class : uint8_t { kRequest = 0, kIndication = 1, kSuccess = 2, kError = 3 };

constexpr uint16_t kBinding = 0x001;  // the method of connectivity checks

/// Could the bytes be STUN, by first byte (RFC 7983 §7) and magic cookie?
[[nodiscard]] bool looks_like_stun(Bytes bytes);

/// A STUN message with the attributes that connectivity checks use. Borrows what it was parsed
/// from. Attributes after MESSAGE-INTEGRITY are passed over but for FINGERPRINT (RFC 8489 §14.5).
/// Source: RFC 8489 §5, §14; RFC 8445 §7.1.
struct Message {
  Bytes bytes;  // the whole message
  Class message_class = Class::kRequest;
  uint16_t method = 0;
  TransactionId transaction{};
  std::string_view username;  // empty: there is none
  std::optional<uint32_t> priority;
  bool use_candidate = false;
  bool ice_controlled = false;
  bool ice_controlling = false;
  size_t integrity_offset = 0;    // of MESSAGE-INTEGRITY; 0 = there is none
  uint16_t unknown_required = 0;  // type of the first one that must be understood and is not

  /// @return kStunMalformed: header, lengths or FINGERPRINT are wrong. The fingerprint is checked
  ///         when it is there; ICE requires it, some peers leave it out.
  [[nodiscard]] static Result<Message> parse(Bytes bytes);

  /// Whether MESSAGE-INTEGRITY is there and was made with the short-term password `key`.
  [[nodiscard]] bool is_authentic(std::string_view key) const;
};

/// "local:remote" of a check's USERNAME, RFC 8445 §7.2.2; nullopt when there is no colon.
struct Ufrags {
  std::string_view local;
  std::string_view remote;
};
[[nodiscard]] std::optional<Ufrags> split_username(std::string_view username);

/// Longest answer: XOR-MAPPED-ADDRESS of IPv6 or ERROR-CODE, MESSAGE-INTEGRITY, FINGERPRINT.
constexpr size_t kMaxAnswerSize = 128;

/// Where a request came from.
struct TransportAddress {
  std::array<uint8_t, 16> ip{};  // network order; IPv4 in the first four
  bool is_v6 = false;
  uint16_t port = 0;
};

/// Writes the success response to a binding request.
/// @return its size.
size_t write_binding_success(const Message& request, const TransportAddress& from,
                             std::string_view key, std::span<uint8_t> room);
/// Writes an error response: 400, 420 (then with UNKNOWN-ATTRIBUTES), 487.
size_t write_binding_error(const Message& request, uint16_t code, std::string_view key,
                           std::span<uint8_t> room);
/// Writes a binding request as a full agent or a test peer sends it.
size_t write_binding_request(const TransactionId& transaction, std::string_view username,
                             std::string_view key, uint32_t priority, std::span<uint8_t> room);

}  // namespace millrace::stun
