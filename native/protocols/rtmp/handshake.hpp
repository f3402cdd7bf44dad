#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "protocols/rtmp/handshake_digest.hpp"

namespace millrace::rtmp {

/// The only version that is spoken: RTMP 1.0 §5.2.2. 6 would be RTMPE.
inline constexpr uint8_t kRtmpVersion = 3;

/// The server's side of the handshake, RTMP 1.0 §5.2: takes C0 C1 C2, gives S0 S1 S2. Answers with
/// digests (handshake_digest.hpp) a client that sends one, and plainly any other.
///
/// Before C0 a proxy may say whose connection it is: byte 0xf3, a 16-bit length up to 1024, and so
/// many bytes, of which the first four are the client's IPv4 address.
class ServerHandshake {
 public:
  /// @param random_seed  for the bytes that must differ from one handshake to the next; no secret.
  explicit ServerHandshake(uint64_t random_seed) : random_state_(random_seed) {}

  /// Takes the bytes it needs, cut anywhere. @return how many; what is left is the chunk stream.
  /// Errors end it: kRtmpHandshakeVersion.
  [[nodiscard]] Result<size_t> feed(Bytes bytes);

  /// Whether C2 has come.
  [[nodiscard]] bool done() const { return state_ == State::kDone; }
  /// S0 S1 S2 once, as soon as C1 has come; empty otherwise.
  [[nodiscard]] std::vector<uint8_t> take_output() { return std::exchange(output_, {}); }
  /// What the proxy said; nullopt without a proxy header.
  [[nodiscard]] std::optional<std::array<uint8_t, 4>> proxied_address() const { return address_; }
  /// How the client's C1 proves itself; nullopt for the plain handshake.
  [[nodiscard]] std::optional<DigestSchema> schema() const { return schema_; }

 private:
  enum class State : uint8_t { kStart, kProxyLength, kProxyBody, kC1, kC2, kDone };

  void answer(HandshakePart c1);

  State state_ = State::kStart;
  uint64_t random_state_;
  size_t left_ = 0;                 // bytes still missing in this state
  std::vector<uint8_t> collected_;  // of this state
  std::vector<uint8_t> output_;
  std::optional<std::array<uint8_t, 4>> address_;
  std::optional<DigestSchema> schema_;
};

/// The client's side: gives C0 C1, takes S0 S1 S2, gives C2.
class ClientHandshake {
 public:
  enum class Form : uint8_t { kPlain, kDigest };

  ClientHandshake(Form form, uint64_t random_seed);

  /// As ServerHandshake::feed(). kRtmpHandshakeVersion; kRtmpHandshakeDigest when a server that
  /// proves itself in S1 does not in S2.
  [[nodiscard]] Result<size_t> feed(Bytes bytes);

  [[nodiscard]] bool done() const { return done_; }
  /// C0 C1 at once, C2 when S2 has come; empty otherwise.
  [[nodiscard]] std::vector<uint8_t> take_output() { return std::exchange(output_, {}); }
  /// How the server's S1 proves itself; nullopt for the plain handshake.
  [[nodiscard]] std::optional<DigestSchema> schema() const { return schema_; }

 private:
  Status answer();

  uint64_t random_state_;
  std::optional<Digest> digest_;    // of our C1
  std::vector<uint8_t> collected_;  // S0 S1 S2
  std::vector<uint8_t> output_;
  std::optional<DigestSchema> schema_;
  bool done_ = false;
};

}  // namespace millrace::rtmp
