#include "rtp/stun/message.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace millrace::stun {

namespace {

constexpr uint32_t kMagicCookie = 0x2112A442;
constexpr uint32_t kFingerprintXor = 0x5354554E;
constexpr size_t kIntegritySize = 20;
constexpr size_t kFingerprintAttributeSize = 8;
constexpr size_t kIntegrityAttributeSize = 4 + kIntegritySize;
// RFC 8489 §14.3: less than 509 bytes.
constexpr size_t kMaxUsernameSize = 508;

enum Attribute : uint16_t {
  kUsername = 0x0006,
  kMessageIntegrity = 0x0008,
  kErrorCode = 0x0009,
  kUnknownAttributes = 0x000A,
  kXorMappedAddress = 0x0020,
  kPriority = 0x0024,
  kUseCandidate = 0x0025,
  kFingerprint = 0x8028,
  kIceControlled = 0x8029,
  kIceControlling = 0x802A,
};

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    table[i] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();  // ITU-T V.42, as RFC 8489 §14.7 asks for

uint32_t crc32(Bytes bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const uint8_t byte : bytes) {
    crc = crc >> 8 ^ kCrcTable[(crc ^ byte) & 0xFF];
  }
  return ~crc;
}

void put_length(std::span<uint8_t> message, size_t length) {
  message[2] = static_cast<uint8_t>(length >> 8);
  message[3] = static_cast<uint8_t>(length);
}

using Digest = std::array<uint8_t, kIntegritySize>;

/// HMAC over the message up to MESSAGE-INTEGRITY, with the length as if it ended behind it.
Digest integrity_of(Bytes before, std::string_view key) {
  std::array<uint8_t, kMaxMessageSize> copy;
  std::copy(before.begin(), before.end(), copy.begin());
  put_length(copy, before.size() - kHeaderSize + kIntegrityAttributeSize);
  Digest digest{};
  unsigned size = 0;
  ::HMAC(::EVP_sha1(), key.data(), static_cast<int>(key.size()), copy.data(), before.size(),
         digest.data(), &size);
  return digest;
}

class MessageWriter {
 public:
  MessageWriter(std::span<uint8_t> room, Class message_class, const TransactionId& transaction)
      : room_(room), writer_(room) {
    const auto bits = static_cast<uint16_t>(message_class);
    writer_.u16(static_cast<uint32_t>(kBinding | (bits & 2) << 7 | (bits & 1) << 4));
    writer_.u16(0);
    writer_.u32(kMagicCookie);
    writer_.bytes(transaction);
  }
  ByteWriter& attribute(Attribute type, size_t size) {
    writer_.u16(type);
    writer_.u16(static_cast<uint32_t>(size));
    return writer_;
  }
  void pad() { writer_.fill(0, (4 - writer_.size() % 4) % 4); }
  size_t finish(std::string_view key) {
    const Digest digest = integrity_of(writer_.written(), key);
    attribute(kMessageIntegrity, digest.size()).bytes(digest);
    put_length(room_, writer_.size() - kHeaderSize + kFingerprintAttributeSize);
    const uint32_t fingerprint = crc32(writer_.written()) ^ kFingerprintXor;
    attribute(kFingerprint, 4).u32(fingerprint);
    return writer_.size();
  }

 private:
  std::span<uint8_t> room_;
  ByteWriter writer_;
};

}  // namespace

bool looks_like_stun(Bytes bytes) {
  return bytes.size() >= kHeaderSize && bytes[0] < 4 && bytes[4] == 0x21 && bytes[5] == 0x12 &&
         bytes[6] == 0xA4 && bytes[7] == 0x42;
}

Result<Message> Message::parse(Bytes bytes) {
  const Error malformed{ErrorCode::kStunMalformed, static_cast<uint32_t>(bytes.size())};
  if (!looks_like_stun(bytes) || bytes.size() > kMaxMessageSize || bytes.size() % 4 != 0) {
    return malformed;
  }
  ByteReader reader(bytes);
  const uint16_t type = reader.u16();
  const uint16_t length = reader.u16();
  reader.skip(4);
  if (length != bytes.size() - kHeaderSize) {
    return malformed;
  }
  Message message;
  message.bytes = bytes;
  // RFC 8489 §5: the class lies between the bits of the method.
  message.message_class = static_cast<Class>((type >> 7 & 2) | (type >> 4 & 1));
  message.method = static_cast<uint16_t>((type & 0xF) | (type >> 1 & 0x70) | (type >> 2 & 0xF80));
  const Bytes transaction = reader.bytes(message.transaction.size());
  std::copy(transaction.begin(), transaction.end(), message.transaction.begin());
  while (!reader.empty()) {
    const size_t at = reader.position();
    const uint16_t attribute = reader.u16();
    const size_t size = reader.u16();
    ByteReader value(reader.bytes(size));
    reader.skip((4 - size % 4) % 4);
    if (!reader.ok()) {
      return malformed;
    }
    if (attribute == kFingerprint) {
      if (size != 4 || !reader.empty() ||
          value.u32() != (crc32(bytes.first(at)) ^ kFingerprintXor)) {
        return malformed;
      }
      continue;
    }
    if (message.integrity_offset != 0) {
      continue;  // not covered by it
    }
    switch (attribute) {
      case kUsername:
        if (size > kMaxUsernameSize) {
          return malformed;
        }
        if (message.username.empty()) {
          const Bytes text = value.rest();
          message.username = {reinterpret_cast<const char*>(text.data()), text.size()};
        }
        break;
      case kMessageIntegrity:
        if (size != kIntegritySize) {
          return malformed;
        }
        message.integrity_offset = at;
        break;
      case kPriority:
        message.priority = value.u32();
        if (!value.ok()) {
          return malformed;
        }
        break;
      case kUseCandidate:
        message.use_candidate = true;
        break;
      case kIceControlled:
        message.ice_controlled = true;
        break;
      case kIceControlling:
        message.ice_controlling = true;
        break;
      case kErrorCode:
      case kUnknownAttributes:
      case kXorMappedAddress:
        break;
      default:
        if (attribute < 0x8000 && message.unknown_required == 0) {
          message.unknown_required = attribute;
        }
        break;
    }
  }
  return message;
}

bool Message::is_authentic(std::string_view key) const {
  if (integrity_offset == 0 || key.empty()) {
    return false;
  }
  const Digest expected = integrity_of(bytes.first(integrity_offset), key);
  return ::CRYPTO_memcmp(expected.data(), bytes.data() + integrity_offset + 4, expected.size()) ==
         0;
}

std::optional<Ufrags> split_username(std::string_view username) {
  const size_t colon = username.find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  return Ufrags{username.substr(0, colon), username.substr(colon + 1)};
}

size_t write_binding_success(const Message& request, const TransportAddress& from,
                             std::string_view key, std::span<uint8_t> room) {
  MessageWriter message(room, Class::kSuccess, request.transaction);
  // RFC 8489 §14.2: port and address are mixed with the cookie, IPv6 with the transaction id too.
  std::array<uint8_t, 16> mask{0x21, 0x12, 0xA4, 0x42};
  std::copy(request.transaction.begin(), request.transaction.end(), mask.begin() + 4);
  const size_t size = from.is_v6 ? 16 : 4;
  ByteWriter& writer = message.attribute(kXorMappedAddress, 4 + size);
  writer.u8(0);
  writer.u8(from.is_v6 ? 2 : 1);
  writer.u16(from.port ^ (kMagicCookie >> 16));
  for (size_t i = 0; i < size; ++i) {
    writer.u8(from.ip[i] ^ mask[i]);
  }
  return message.finish(key);
}

size_t write_binding_error(const Message& request, uint16_t code, std::string_view key,
                           std::span<uint8_t> room) {
  MessageWriter message(room, Class::kError, request.transaction);
  ByteWriter& writer = message.attribute(kErrorCode, 4);
  writer.u16(0);
  writer.u8(code / 100U);
  writer.u8(code % 100U);
  if (request.unknown_required != 0) {
    message.attribute(kUnknownAttributes, 2).u16(request.unknown_required);
    message.pad();
  }
  return message.finish(key);
}

size_t write_binding_request(const TransactionId& transaction, std::string_view username,
                             std::string_view key, uint32_t priority, std::span<uint8_t> room) {
  MessageWriter message(room, Class::kRequest, transaction);
  message.attribute(kUsername, username.size()).text(username);
  message.pad();
  message.attribute(kPriority, 4).u32(priority);
  ByteWriter& controlling = message.attribute(kIceControlling, 8);
  controlling.bytes(Bytes(transaction).first(8));
  message.attribute(kUseCandidate, 0);
  return message.finish(key);
}

}  // namespace millrace::stun
