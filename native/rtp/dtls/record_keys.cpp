#include "rtp/dtls/record_keys.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_writer.hpp"

namespace millrace::dtls {

namespace {

constexpr size_t kTagSize = 16;
constexpr size_t kNumberAt = 3;  // epoch and sequence number, in the header
constexpr size_t kNumberSize = 8;
constexpr size_t kRandomSize = 32;
constexpr size_t kMasterSecretSize = 48;
constexpr std::string_view kKeyExpansion = "key expansion";

using Aad = std::array<uint8_t, 13>;

// What OpenSSL cannot refuse but for want of memory.
void must(bool ok) {
  if (!ok) {
    std::abort();
  }
}

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

const EVP_CIPHER* evp_of(RecordKeys::Cipher cipher) {
  switch (cipher) {
    case RecordKeys::Cipher::kAes128Gcm:
      return EVP_aes_128_gcm();
    case RecordKeys::Cipher::kAes256Gcm:
      return EVP_aes_256_gcm();
    case RecordKeys::Cipher::kChaCha20Poly1305:
      break;
  }
  return EVP_chacha20_poly1305();
}

std::optional<RecordKeys::Cipher> cipher_of(const SSL_CIPHER* suite) {
  switch (suite != nullptr ? SSL_CIPHER_get_cipher_nid(suite) : NID_undef) {
    case NID_aes_128_gcm:
      return RecordKeys::Cipher::kAes128Gcm;
    case NID_aes_256_gcm:
      return RecordKeys::Cipher::kAes256Gcm;
    case NID_chacha20_poly1305:
      return RecordKeys::Cipher::kChaCha20Poly1305;
    default:
      return std::nullopt;
  }
}

/// RFC 5246 §5. @return false when OpenSSL refuses.
bool expand_keys(const SSL& ssl, const EVP_MD* digest, std::span<uint8_t> out) {
  std::array<uint8_t, kMasterSecretSize> secret{};
  const size_t secret_size =
      SSL_SESSION_get_master_key(SSL_get_session(&ssl), secret.data(), secret.size());
  std::array<uint8_t, kKeyExpansion.size() + 2 * kRandomSize> seed{};
  uint8_t* at = std::copy(kKeyExpansion.begin(), kKeyExpansion.end(), seed.data());
  SSL_get_server_random(&ssl, at, kRandomSize);
  SSL_get_client_random(&ssl, at + kRandomSize, kRandomSize);
  std::string name = EVP_MD_get0_name(digest);
  const std::array<OSSL_PARAM, 4> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret_size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_PRF, nullptr), &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      kdf != nullptr ? EVP_KDF_CTX_new(kdf.get()) : nullptr, &EVP_KDF_CTX_free);
  const bool ok = context != nullptr && secret_size != 0 &&
                  EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  return ok;
}

Aad aad_of(Bytes header, size_t content_size) {
  Aad aad{};
  ByteWriter writer(aad);
  writer.bytes(header.subspan(kNumberAt, kNumberSize));
  writer.bytes(header.first(kNumberAt));
  writer.u16(static_cast<uint32_t>(content_size));
  return aad;
}

}  // namespace

RecordKeys::~RecordKeys() {
  OPENSSL_cleanse(&send_, sizeof send_);
  OPENSSL_cleanse(&receive_, sizeof receive_);
}

std::optional<RecordKeys> RecordKeys::of(const SSL& ssl) {
  const SSL_CIPHER* suite = SSL_get_current_cipher(&ssl);
  const auto cipher = cipher_of(suite);
  const EVP_MD* digest = cipher ? SSL_CIPHER_get_handshake_digest(suite) : nullptr;
  if (SSL_version(&ssl) != DTLS1_2_VERSION || digest == nullptr) {
    return std::nullopt;
  }
  const size_t key_size = *cipher == Cipher::kAes128Gcm ? 16 : 32;
  const size_t iv_size = *cipher == Cipher::kChaCha20Poly1305 ? 12 : 4;
  std::array<uint8_t, 2 * (32 + 12)> block{};
  if (!expand_keys(ssl, digest, std::span(block).first(2 * (key_size + iv_size)))) {
    return std::nullopt;
  }
  // RFC 5246 §6.3: the client's key, the server's, the client's IV, the server's.
  Keys client;
  Keys server;
  const uint8_t* at = block.data();
  for (Keys* keys : {&client, &server}) {
    std::copy_n(at, key_size, keys->key.data());
    at += key_size;
  }
  for (Keys* keys : {&client, &server}) {
    std::copy_n(at, iv_size, keys->iv.data());
    at += iv_size;
  }
  OPENSSL_cleanse(block.data(), block.size());
  const bool is_server = SSL_is_server(&ssl) == 1;
  const RecordKeys keys(*cipher, is_server ? server : client, is_server ? client : server);
  OPENSSL_cleanse(&client, sizeof client);
  OPENSSL_cleanse(&server, sizeof server);
  return keys;
}

RecordKeys::Iv RecordKeys::iv_of(const Keys& keys, Bytes nonce) const {
  Iv iv = keys.iv;
  for (size_t i = 0; i < nonce.size(); ++i) {
    iv[4 + i] ^= nonce[i];  // of GCM's nothing was there
  }
  return iv;
}

size_t RecordKeys::seal(uint8_t type, uint64_t number, uint64_t nonce, Bytes content,
                        std::span<uint8_t> out) const {
  ByteWriter writer(out);
  writer.u8(type);
  writer.u16(DTLS1_2_VERSION);
  writer.u64(number);
  const size_t explicit_size = explicit_nonce_size();
  writer.u16(static_cast<uint32_t>(explicit_size + content.size() + kTagSize));
  if (explicit_size != 0) {
    writer.u64(nonce);
  }
  const Bytes nonce_bytes = explicit_size != 0
                                ? Bytes(out).subspan(kRecordHeaderSize, explicit_size)
                                : Bytes(out).subspan(kNumberAt, kNumberSize);
  const Iv iv = iv_of(send_, nonce_bytes);
  const Aad aad = aad_of(out, content.size());
  uint8_t* sealed = out.data() + writer.size();
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  must(context != nullptr &&
       EVP_EncryptInit_ex(context.get(), evp_of(cipher_), nullptr, send_.key.data(), iv.data()) ==
           1 &&
       EVP_EncryptUpdate(context.get(), nullptr, &size, aad.data(), static_cast<int>(aad.size())) ==
           1 &&
       EVP_EncryptUpdate(context.get(), sealed, &size, content.data(),
                         static_cast<int>(content.size())) == 1 &&
       EVP_EncryptFinal_ex(context.get(), sealed + content.size(), &size) == 1 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize,
                           sealed + content.size()) == 1);
  return writer.size() + content.size() + kTagSize;
}

std::optional<size_t> RecordKeys::open(const Keys& keys, Bytes record,
                                       std::span<uint8_t> out) const {
  const size_t explicit_size = explicit_nonce_size();
  const size_t before = kRecordHeaderSize + explicit_size;
  if (record.size() < before + kTagSize || record.size() - before - kTagSize > out.size()) {
    return std::nullopt;
  }
  const size_t content_size = record.size() - before - kTagSize;
  const Iv iv = iv_of(keys, explicit_size != 0 ? record.subspan(kRecordHeaderSize, explicit_size)
                                               : record.subspan(kNumberAt, kNumberSize));
  const Aad aad = aad_of(record, content_size);
  std::array<uint8_t, kTagSize> tag{};
  std::copy_n(record.end() - kTagSize, kTagSize, tag.begin());
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  must(context != nullptr &&
       EVP_DecryptInit_ex(context.get(), evp_of(cipher_), nullptr, keys.key.data(), iv.data()) ==
           1 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
       EVP_DecryptUpdate(context.get(), nullptr, &size, aad.data(), static_cast<int>(aad.size())) ==
           1 &&
       EVP_DecryptUpdate(context.get(), out.data(), &size, record.data() + before,
                         static_cast<int>(content_size)) == 1);
  uint8_t nothing = 0;
  if (EVP_DecryptFinal_ex(context.get(), &nothing, &size) != 1) {
    return std::nullopt;
  }
  return content_size;
}

}  // namespace millrace::dtls
