#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/byte_reader.hpp"

namespace millrace::srtp {

/// Protection profiles, by their numbers in DTLS use_srtp (RFC 5764 §4.1.2, RFC 7714 §14.2).
enum class Profile : uint16_t {
  kAes128CmSha1_80 = 0x0001,
  kAeadAes128Gcm = 0x0007,
  kAeadAes256Gcm = 0x0008,
};

[[nodiscard]] std::string_view profile_name(Profile profile);
[[nodiscard]] std::optional<Profile> profile_from(uint16_t number);

/// Bytes of master key and salt, and what protection adds to a packet.
struct ProfileSizes {
  size_t key;
  size_t salt;
  size_t rtp_tag;
  size_t rtcp_overhead;  // tag and index
};
[[nodiscard]] ProfileSizes sizes_of(Profile profile);

/// Longest addition to a packet, over all profiles: tag of GCM and SRTCP's index.
constexpr size_t kMaxOverhead = 20;

/// Master key and salt of one direction.
struct MasterKey {
  std::array<uint8_t, 32> key{};
  std::array<uint8_t, 14> salt{};
};

/// One direction's session keys in OpenSSL contexts that are made once and used for each packet:
/// setting a key anew would cost more than the packet (see docs/webrtc.md). One pair of contexts
/// serves all SSRCs, as session keys do not depend on them. One thread's own.
/// Source: RFC 3711 §4.1.1, §4.2, §4.3; RFC 7714 §8, §9, §11; RFC 6188 for the 256-bit key
/// derivation.
class SessionKeys {
 public:
  enum class Direction : bool { kDecrypt, kEncrypt };
  SessionKeys(Profile profile, const MasterKey& master, Direction direction);

  [[nodiscard]] const ProfileSizes& sizes() const { return sizes_; }
  /// OpenSSL's context for RTP, to be fetched into the cache before it is used.
  [[nodiscard]] const void* rtp_cipher() const { return rtp_.cipher.get(); }
  [[nodiscard]] bool is_gcm() const { return profile_ != Profile::kAes128CmSha1_80; }

  /// Protects in place: encrypts from `header_size` on and writes the tag behind.
  /// @param room   the packet and behind it at least rtp_tag bytes
  /// @param index  ROC and sequence number, 48 bits
  /// @return size with the tag.
  size_t protect_rtp(std::span<uint8_t> room, size_t size, size_t header_size, uint32_t ssrc,
                     uint64_t index);
  /// The same for a payload that lies elsewhere and is shared: `room` holds the header alone.
  size_t protect_rtp_payload(std::span<uint8_t> room, size_t header_size, Bytes payload,
                             uint32_t ssrc, uint64_t index);
  /// Checks and decrypts in place. @return false when the packet is not authentic; its bytes are
  ///         then spoilt.
  [[nodiscard]] bool unprotect_rtp(std::span<uint8_t> packet, size_t header_size, uint32_t ssrc,
                                   uint64_t index);
  /// @param index  31 bits, from the peer's or our own counter.
  size_t protect_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc, uint32_t index);
  [[nodiscard]] bool unprotect_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t index,
                                    bool encrypted);

 private:
  struct CipherDeleter {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  struct MacDeleter {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  struct Half {  // of RTP or RTCP
    std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter> cipher;
    std::unique_ptr<EVP_MAC_CTX, MacDeleter> mac;  // null with GCM
    std::array<uint8_t, 14> salt{};
  };
  using Iv = std::array<uint8_t, 16>;
  using Digest = std::array<uint8_t, 20>;

  Half derive(const MasterKey& master, uint8_t first_label, Direction direction) const;
  static Iv counter_iv(const Half& half, uint32_t ssrc, uint64_t index);
  static Iv gcm_iv(const Half& half, uint32_t ssrc, uint64_t index);
  static void crypt(Half& half, const Iv& iv, Bytes in, uint8_t* out);
  static Digest authenticate(Half& half, Bytes packet, Bytes suffix);
  static void seal(Half& half, const Iv& iv, Bytes first, Bytes second, Bytes in, uint8_t* out,
                   uint8_t* tag);
  static bool open(Half& half, const Iv& iv, Bytes first, Bytes second, std::span<uint8_t> data,
                   const uint8_t* tag);

  const Profile profile_;
  const ProfileSizes sizes_;
  Half rtp_;
  Half rtcp_;
};

}  // namespace millrace::srtp
