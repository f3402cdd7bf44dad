#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/byte_reader.hpp"

namespace millrace::dtls {

/// Bytes before the content of a record: type, version, epoch, sequence number, length.
constexpr size_t kRecordHeaderSize = 13;
/// Longest addition to the content of a record: explicit nonce and tag of GCM.
constexpr size_t kMaxRecordOverhead = kRecordHeaderSize + 8 + 16;

/// What protects the records of a DTLS 1.2 association after its handshake, for the cipher suites
/// of AES-GCM and ChaCha20-Poly1305.
/// Source: RFC 6347 §4.1, RFC 5246 §6.2.3.3 and §6.3, RFC 5288, RFC 7905.
class RecordKeys {
 public:
  enum class Cipher : uint8_t { kAes128Gcm, kAes256Gcm, kChaCha20Poly1305 };
  /// One direction's.
  struct Keys {
    std::array<uint8_t, 32> key{};
    std::array<uint8_t, 12> iv{};  // of GCM the first four bytes, the salt
  };

  RecordKeys(Cipher cipher, const Keys& send, const Keys& receive)
      : cipher_(cipher), send_(send), receive_(receive) {}
  ~RecordKeys();
  RecordKeys(const RecordKeys&) = default;
  RecordKeys& operator=(const RecordKeys&) = default;

  /// Of an association whose handshake is over; nullopt when it has another version or another kind
  /// of cipher suite.
  static std::optional<RecordKeys> of(const SSL& ssl);

  /// Writes a protected record.
  /// @param number  epoch and sequence number.
  /// @param nonce   for GCM, never the same again.
  /// @param out     room for kMaxRecordOverhead more than the content.
  /// @return its size.
  size_t seal(uint8_t type, uint64_t number, uint64_t nonce, Bytes content,
              std::span<uint8_t> out) const;
  /// Opens one record of the peer, header and all.
  /// @return size of the content in `out`; nullopt when it is not authentic or finds no room.
  [[nodiscard]] std::optional<size_t> open(Bytes record, std::span<uint8_t> out) const {
    return open(receive_, record, out);
  }
  /// The same for one that we have sent.
  [[nodiscard]] std::optional<size_t> open_own(Bytes record, std::span<uint8_t> out) const {
    return open(send_, record, out);
  }

  /// Bytes of the nonce that stand in each record.
  [[nodiscard]] size_t explicit_nonce_size() const {
    return cipher_ == Cipher::kChaCha20Poly1305 ? 0 : 8;
  }

 private:
  using Iv = std::array<uint8_t, 12>;
  [[nodiscard]] std::optional<size_t> open(const Keys& keys, Bytes record,
                                           std::span<uint8_t> out) const;
  /// @param nonce  of GCM the explicit part, of ChaCha20 the record's number.
  [[nodiscard]] Iv iv_of(const Keys& keys, Bytes nonce) const;

  Cipher cipher_;
  Keys send_;
  Keys receive_;
};

}  // namespace millrace::dtls
