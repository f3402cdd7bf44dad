#include "rtp/srtp/session_keys.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <string>

namespace millrace::srtp {

namespace {

constexpr size_t kCmTagSize = 10;
constexpr size_t kGcmTagSize = 16;
constexpr size_t kIndexSize = 4;       // E bit and SRTCP index, RFC 3711 §3.4
constexpr size_t kRtcpHeaderSize = 8;  // stays in the clear
constexpr size_t kAuthKeySize = 20;
constexpr uint32_t kEncryptedFlag = 0x80000000;

// What OpenSSL cannot refuse but for want of memory.
void must(bool ok) {
  if (!ok) {
    std::abort();
  }
}

void put_u32(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 24);
  at[1] = static_cast<uint8_t>(value >> 16);
  at[2] = static_cast<uint8_t>(value >> 8);
  at[3] = static_cast<uint8_t>(value);
}

/// The key derivation's keystream for one label, RFC 3711 §4.3.3 with a key derivation rate of 0.
void derive_label(const MasterKey& master, size_t key_size, uint8_t label, std::span<uint8_t> out) {
  std::array<uint8_t, 16> iv{};
  std::copy(master.salt.begin(), master.salt.end(), iv.begin());
  iv[7] ^= label;
  std::fill(out.begin(), out.end(), uint8_t{0});
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  must(cipher != nullptr &&
       EVP_EncryptInit_ex(cipher.get(), key_size == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(),
                          nullptr, master.key.data(), iv.data()) == 1 &&
       EVP_EncryptUpdate(cipher.get(), out.data(), &size, out.data(),
                         static_cast<int>(out.size())) == 1);
}

}  // namespace

std::string_view profile_name(Profile profile) {
  switch (profile) {
    case Profile::kAeadAes128Gcm:
      return "SRTP_AEAD_AES_128_GCM";
    case Profile::kAeadAes256Gcm:
      return "SRTP_AEAD_AES_256_GCM";
    case Profile::kAes128CmSha1_80:
      break;
  }
  return "SRTP_AES128_CM_HMAC_SHA1_80";
}

std::optional<Profile> profile_from(uint16_t number) {
  switch (number) {
    case 0x0001:
      return Profile::kAes128CmSha1_80;
    case 0x0007:
      return Profile::kAeadAes128Gcm;
    case 0x0008:
      return Profile::kAeadAes256Gcm;
    default:
      return std::nullopt;
  }
}

ProfileSizes sizes_of(Profile profile) {
  switch (profile) {
    case Profile::kAeadAes128Gcm:
      return {16, 12, kGcmTagSize, kGcmTagSize + kIndexSize};
    case Profile::kAeadAes256Gcm:
      return {32, 12, kGcmTagSize, kGcmTagSize + kIndexSize};
    case Profile::kAes128CmSha1_80:
      break;
  }
  return {16, 14, kCmTagSize, kCmTagSize + kIndexSize};
}

SessionKeys::SessionKeys(Profile profile, const MasterKey& master, Direction direction)
    : profile_(profile),
      sizes_(sizes_of(profile)),
      rtp_(derive(master, 0, direction)),
      rtcp_(derive(master, 3, direction)) {}

SessionKeys::Half SessionKeys::derive(const MasterKey& master, uint8_t first_label,
                                      Direction direction) const {
  Half half;
  std::array<uint8_t, 32> key{};
  derive_label(master, sizes_.key, first_label, std::span(key).first(sizes_.key));
  derive_label(master, sizes_.key, static_cast<uint8_t>(first_label + 2),
               std::span(half.salt).first(sizes_.salt));
  half.cipher.reset(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = profile_ == Profile::kAeadAes128Gcm   ? EVP_aes_128_gcm()
                             : profile_ == Profile::kAeadAes256Gcm ? EVP_aes_256_gcm()
                                                                   : EVP_aes_128_ctr();
  // Counter mode encrypts both ways.
  const int encrypt = direction == Direction::kEncrypt || !is_gcm() ? 1 : 0;
  must(half.cipher != nullptr &&
       EVP_CipherInit_ex(half.cipher.get(), cipher, nullptr, key.data(), nullptr, encrypt) == 1);
  if (!is_gcm()) {
    std::array<uint8_t, kAuthKeySize> auth{};
    derive_label(master, sizes_.key, static_cast<uint8_t>(first_label + 1), auth);
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
    must(mac != nullptr);
    half.mac.reset(EVP_MAC_CTX_new(mac.get()));
    std::string digest = "SHA1";
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    must(half.mac != nullptr &&
         EVP_MAC_init(half.mac.get(), auth.data(), auth.size(), parameters.data()) == 1);
    OPENSSL_cleanse(auth.data(), auth.size());
  }
  OPENSSL_cleanse(key.data(), key.size());
  return half;
}

/// RFC 3711 §4.1.1: salt, SSRC and index, shifted and added without carry.
SessionKeys::Iv SessionKeys::counter_iv(const Half& half, uint32_t ssrc, uint64_t index) {
  Iv iv{};
  std::copy(half.salt.begin(), half.salt.end(), iv.begin());
  for (unsigned i = 0; i < 4; ++i) {
    iv[4 + i] ^= static_cast<uint8_t>(ssrc >> (24 - 8 * i));
  }
  for (unsigned i = 0; i < 6; ++i) {
    iv[8 + i] ^= static_cast<uint8_t>(index >> (40 - 8 * i));
  }
  return iv;
}

/// RFC 7714 §8.1, §9.1: two zero bytes, SSRC, 48 bits of index, XOR salt; 12 bytes.
SessionKeys::Iv SessionKeys::gcm_iv(const Half& half, uint32_t ssrc, uint64_t index) {
  Iv iv{};
  std::copy(half.salt.begin(), half.salt.begin() + 12, iv.begin());
  for (unsigned i = 0; i < 4; ++i) {
    iv[2 + i] ^= static_cast<uint8_t>(ssrc >> (24 - 8 * i));
  }
  for (unsigned i = 0; i < 6; ++i) {
    iv[6 + i] ^= static_cast<uint8_t>(index >> (40 - 8 * i));
  }
  return iv;
}

void SessionKeys::crypt(Half& half, const Iv& iv, Bytes in, uint8_t* out) {
  int size = 0;
  must(EVP_CipherInit_ex(half.cipher.get(), nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
       EVP_CipherUpdate(half.cipher.get(), out, &size, in.data(), static_cast<int>(in.size())) ==
           1);
}

SessionKeys::Digest SessionKeys::authenticate(Half& half, Bytes packet, Bytes suffix) {
  Digest digest{};
  size_t size = 0;
  must(EVP_MAC_init(half.mac.get(), nullptr, 0, nullptr) == 1 &&
       EVP_MAC_update(half.mac.get(), packet.data(), packet.size()) == 1 &&
       EVP_MAC_update(half.mac.get(), suffix.data(), suffix.size()) == 1 &&
       EVP_MAC_final(half.mac.get(), digest.data(), &size, digest.size()) == 1);
  return digest;
}

void SessionKeys::seal(Half& half, const Iv& iv, Bytes first, Bytes second, Bytes in, uint8_t* out,
                       uint8_t* tag) {
  EVP_CIPHER_CTX* cipher = half.cipher.get();
  int size = 0;
  must(EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
       EVP_CipherUpdate(cipher, nullptr, &size, first.data(), static_cast<int>(first.size())) == 1);
  if (!second.empty()) {
    must(EVP_CipherUpdate(cipher, nullptr, &size, second.data(), static_cast<int>(second.size())) ==
         1);
  }
  if (!in.empty()) {
    must(EVP_CipherUpdate(cipher, out, &size, in.data(), static_cast<int>(in.size())) == 1);
  }
  // What EVP_CTRL_AEAD_GET_TAG would turn into for each packet.
  std::array<OSSL_PARAM, 2> wanted{
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, kGcmTagSize),
      OSSL_PARAM_construct_end()};
  must(EVP_CipherFinal_ex(cipher, out + in.size(), &size) == 1 &&
       EVP_CIPHER_CTX_get_params(cipher, wanted.data()) == 1);
}

bool SessionKeys::open(Half& half, const Iv& iv, Bytes first, Bytes second, std::span<uint8_t> data,
                       const uint8_t* tag) {
  EVP_CIPHER_CTX* cipher = half.cipher.get();
  std::array<uint8_t, kGcmTagSize> expected{};
  std::copy(tag, tag + kGcmTagSize, expected.begin());
  int size = 0;
  must(EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kGcmTagSize),
                           expected.data()) == 1 &&
       EVP_CipherUpdate(cipher, nullptr, &size, first.data(), static_cast<int>(first.size())) == 1);
  if (!second.empty()) {
    must(EVP_CipherUpdate(cipher, nullptr, &size, second.data(), static_cast<int>(second.size())) ==
         1);
  }
  if (!data.empty()) {
    must(EVP_CipherUpdate(cipher, data.data(), &size, data.data(), static_cast<int>(data.size())) ==
         1);
  }
  return EVP_CipherFinal_ex(cipher, data.data() + data.size(), &size) == 1;
}

size_t SessionKeys::protect_rtp(std::span<uint8_t> room, size_t size, size_t header_size,
                                uint32_t ssrc, uint64_t index) {
  assert(header_size <= size);
  return protect_rtp_payload(room, header_size,
                             Bytes(room).subspan(header_size, size - header_size), ssrc, index);
}

size_t SessionKeys::protect_rtp_payload(std::span<uint8_t> room, size_t header_size, Bytes payload,
                                        uint32_t ssrc, uint64_t index) {
  const size_t size = header_size + payload.size();
  assert(room.size() >= size + sizes_.rtp_tag);
  uint8_t* out = room.data() + header_size;
  if (is_gcm()) {
    seal(rtp_, gcm_iv(rtp_, ssrc, index), Bytes(room).first(header_size), {}, payload, out,
         room.data() + size);
  } else {
    crypt(rtp_, counter_iv(rtp_, ssrc, index), payload, out);
    std::array<uint8_t, 4> roc{};
    put_u32(roc.data(), static_cast<uint32_t>(index >> 16));
    const Digest digest = authenticate(rtp_, Bytes(room).first(size), roc);
    std::copy_n(digest.begin(), kCmTagSize, room.data() + size);
  }
  return size + sizes_.rtp_tag;
}

bool SessionKeys::unprotect_rtp(std::span<uint8_t> packet, size_t header_size, uint32_t ssrc,
                                uint64_t index) {
  const size_t size = packet.size() - sizes_.rtp_tag;
  assert(packet.size() >= header_size + sizes_.rtp_tag);
  const auto payload = packet.subspan(header_size, size - header_size);
  if (is_gcm()) {
    return open(rtp_, gcm_iv(rtp_, ssrc, index), Bytes(packet).first(header_size), {}, payload,
                packet.data() + size);
  }
  std::array<uint8_t, 4> roc{};
  put_u32(roc.data(), static_cast<uint32_t>(index >> 16));
  const Digest digest = authenticate(rtp_, Bytes(packet).first(size), roc);
  if (CRYPTO_memcmp(digest.data(), packet.data() + size, kCmTagSize) != 0) {
    return false;
  }
  crypt(rtp_, counter_iv(rtp_, ssrc, index), payload, payload.data());
  return true;
}

size_t SessionKeys::protect_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc,
                                 uint32_t index) {
  assert(size >= kRtcpHeaderSize && room.size() >= size + sizes_.rtcp_overhead);
  const auto payload = room.subspan(kRtcpHeaderSize, size - kRtcpHeaderSize);
  std::array<uint8_t, kIndexSize> word{};
  put_u32(word.data(), index | kEncryptedFlag);
  if (is_gcm()) {
    // RFC 7714 §9.2, §9.3: the index is authenticated, and follows the tag.
    seal(rtcp_, gcm_iv(rtcp_, ssrc, index), Bytes(room).first(kRtcpHeaderSize), word, payload,
         payload.data(), room.data() + size);
    std::copy(word.begin(), word.end(), room.data() + size + kGcmTagSize);
  } else {
    crypt(rtcp_, counter_iv(rtcp_, ssrc, index), payload, payload.data());
    std::copy(word.begin(), word.end(), room.data() + size);
    const Digest digest = authenticate(rtcp_, Bytes(room).first(size), word);
    std::copy_n(digest.begin(), kCmTagSize, room.data() + size + kIndexSize);
  }
  return size + sizes_.rtcp_overhead;
}

bool SessionKeys::unprotect_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t index,
                                 bool encrypted) {
  assert(packet.size() >= kRtcpHeaderSize + sizes_.rtcp_overhead);
  const size_t size = packet.size() - sizes_.rtcp_overhead;
  const auto payload = packet.subspan(kRtcpHeaderSize, size - kRtcpHeaderSize);
  std::array<uint8_t, kIndexSize> word{};
  put_u32(word.data(), index | (encrypted ? kEncryptedFlag : 0));
  if (is_gcm()) {
    if (encrypted) {
      return open(rtcp_, gcm_iv(rtcp_, ssrc, index), Bytes(packet).first(kRtcpHeaderSize), word,
                  payload, packet.data() + size);
    }
    return open(rtcp_, gcm_iv(rtcp_, ssrc, index), Bytes(packet).first(size), word, {},
                packet.data() + size);
  }
  const Digest digest = authenticate(rtcp_, Bytes(packet).first(size), word);
  if (CRYPTO_memcmp(digest.data(), packet.data() + size + kIndexSize, kCmTagSize) != 0) {
    return false;
  }
  if (encrypted) {
    crypt(rtcp_, counter_iv(rtcp_, ssrc, index), payload, payload.data());
  }
  return true;
}

}  // namespace millrace::srtp
