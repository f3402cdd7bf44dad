#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/byte_reader.hpp"

/// The digests of the "complex" handshake: HMAC-SHA256 proofs inside C1, S1, C2 and S2, which Flash
/// Player asks for before it plays H.264. Not part of RTMP 1.0; as every server in use does it.
namespace millrace::rtmp {

/// C1, S1, C2 and S2: RTMP 1.0 §5.2.3, §5.2.4.
inline constexpr size_t kHandshakeBytes = 1536;
inline constexpr size_t kDigestBytes = 32;

using HandshakePart = std::span<const uint8_t, kHandshakeBytes>;
using MutableHandshakePart = std::span<uint8_t, kHandshakeBytes>;
using Digest = std::array<uint8_t, kDigestBytes>;

/// Where C1 or S1 has its digest: two blocks of 764 bytes follow the first 8 bytes, one with a key
/// and one with the digest, each at an offset that four of the block's bytes give.
enum class DigestSchema : uint8_t {
  kKeyFirst,     // "schema 0"
  kDigestFirst,  // "schema 1"
};

/// Who made a part: names the secret that its digest is made with.
enum class HandshakeSide : uint8_t { kClient, kServer };

/// Looks for a valid digest in C1 or S1. @return its schema, or nullopt when there is none.
[[nodiscard]] std::optional<DigestSchema> find_digest(HandshakePart part, HandshakeSide maker);

/// Copies the digest out of C1 or S1.
[[nodiscard]] Digest digest_in(HandshakePart part, DigestSchema schema);

/// Writes the digest into C1 or S1, over what is at its place; all other bytes must be set before.
void put_digest(MutableHandshakePart part, DigestSchema schema, HandshakeSide maker);

/// Writes the digest at the end of C2 or S2. @param answered  the digest of the other side's S1 or
/// C1.
void put_answer_digest(MutableHandshakePart part, HandshakeSide maker, const Digest& answered);

/// Whether C2 or S2 answers `answered`, the digest of our S1 or C1.
[[nodiscard]] bool answers_digest(HandshakePart part, HandshakeSide maker, const Digest& answered);

}  // namespace millrace::rtmp
