#include "protocols/rtmp/handshake_digest.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <string_view>

namespace millrace::rtmp {

namespace {

/// Public constants: the two sides' names, and 32 bytes that follow both.
constexpr std::string_view kServerName = "Genuine Adobe Flash Media Server 001";
constexpr std::string_view kClientName = "Genuine Adobe Flash Player 001";
constexpr std::array<uint8_t, 32> kSecret = {
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57,
    0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
};

constexpr size_t kBlockBytes = 764;
constexpr size_t kFirstBlock = 8;  // after time and version
constexpr size_t kSecondBlock = kFirstBlock + kBlockBytes;
constexpr size_t kAnswerDigestOffset = kHandshakeBytes - kDigestBytes;

struct Secret {
  std::array<uint8_t, kServerName.size() + kSecret.size()> room{};
  size_t name_size = 0;
  /// The name alone is the key for C1 and S1, with the rest it is that for C2 and S2.
  [[nodiscard]] Bytes name() const { return Bytes(room).first(name_size); }
  [[nodiscard]] Bytes whole() const { return Bytes(room).first(name_size + kSecret.size()); }
};

Secret secret_of(HandshakeSide side) {
  const std::string_view name = side == HandshakeSide::kServer ? kServerName : kClientName;
  Secret secret;
  secret.name_size = name.size();
  const auto end = std::copy(name.begin(), name.end(), secret.room.begin());
  std::copy(kSecret.begin(), kSecret.end(), end);
  return secret;
}

Digest hmac_sha256(Bytes key, Bytes data) {
  Digest digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
       digest.data(), &size);
  return digest;
}

/// The block's first four bytes add up to the offset of what follows them.
size_t digest_offset(HandshakePart part, DigestSchema schema) {
  const size_t block = schema == DigestSchema::kKeyFirst ? kSecondBlock : kFirstBlock;
  const unsigned sum = part[block] + part[block + 1] + part[block + 2] + part[block + 3];
  constexpr unsigned kPlaces = kBlockBytes - 4 - kDigestBytes;
  return block + 4 + sum % kPlaces;
}

/// Over the whole part but the digest itself.
Digest make_digest(HandshakePart part, size_t offset, HandshakeSide maker) {
  std::array<uint8_t, kHandshakeBytes - kDigestBytes> joined{};
  const auto at = std::copy_n(part.begin(), offset, joined.begin());
  std::copy(part.begin() + static_cast<ptrdiff_t>(offset + kDigestBytes), part.end(), at);
  return hmac_sha256(secret_of(maker).name(), joined);
}

Digest make_answer_digest(HandshakePart part, HandshakeSide maker, const Digest& answered) {
  const Digest key = hmac_sha256(secret_of(maker).whole(), answered);
  return hmac_sha256(key, part.first(kAnswerDigestOffset));
}

}  // namespace

std::optional<DigestSchema> find_digest(HandshakePart part, HandshakeSide maker) {
  for (const DigestSchema schema : {DigestSchema::kKeyFirst, DigestSchema::kDigestFirst}) {
    const size_t offset = digest_offset(part, schema);
    if (digest_in(part, schema) == make_digest(part, offset, maker)) {
      return schema;
    }
  }
  return std::nullopt;
}

Digest digest_in(HandshakePart part, DigestSchema schema) {
  Digest digest{};
  std::copy_n(part.begin() + static_cast<ptrdiff_t>(digest_offset(part, schema)), kDigestBytes,
              digest.begin());
  return digest;
}

void put_digest(MutableHandshakePart part, DigestSchema schema, HandshakeSide maker) {
  const size_t offset = digest_offset(part, schema);
  const Digest digest = make_digest(part, offset, maker);
  std::copy(digest.begin(), digest.end(), part.begin() + static_cast<ptrdiff_t>(offset));
}

void put_answer_digest(MutableHandshakePart part, HandshakeSide maker, const Digest& answered) {
  const Digest digest = make_answer_digest(part, maker, answered);
  std::copy(digest.begin(), digest.end(),
            part.begin() + static_cast<ptrdiff_t>(kAnswerDigestOffset));
}

bool answers_digest(HandshakePart part, HandshakeSide maker, const Digest& answered) {
  const Digest digest = make_answer_digest(part, maker, answered);
  return std::equal(digest.begin(), digest.end(),
                    part.begin() + static_cast<ptrdiff_t>(kAnswerDigestOffset));
}

}  // namespace millrace::rtmp
