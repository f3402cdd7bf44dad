#include "protocols/hls/encryption.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cassert>

namespace millrace::hls {

Result<SegmentKey> SegmentKey::generate(uint64_t sequence) {
  SegmentKey key;
  key.sequence = sequence;
  if (::RAND_bytes(key.key.data(), static_cast<int>(key.key.size())) != 1 ||
      ::RAND_bytes(key.iv.data(), static_cast<int>(key.iv.size())) != 1) {
    return ErrorCode::kInternal;
  }
  return key;
}

void SegmentCipher::Free::operator()(evp_cipher_ctx_st* context) const {
  ::EVP_CIPHER_CTX_free(context);
}

SegmentCipher::SegmentCipher() : context_(::EVP_CIPHER_CTX_new()) {}
SegmentCipher::~SegmentCipher() = default;

Status SegmentCipher::begin(const SegmentKey& key) {
  if (!context_ || ::EVP_EncryptInit_ex(context_.get(), ::EVP_aes_128_cbc(), nullptr,
                                        key.key.data(), key.iv.data()) != 1) {
    return ErrorCode::kInternal;
  }
  return {};
}

Result<size_t> SegmentCipher::update(Bytes plain, std::span<uint8_t> room) {
  assert(room.size() >= plain.size() + 16);
  int size = 0;
  if (::EVP_EncryptUpdate(context_.get(), room.data(), &size, plain.data(),
                          static_cast<int>(plain.size())) != 1) {
    return ErrorCode::kInternal;
  }
  return static_cast<size_t>(size);
}

Result<size_t> SegmentCipher::finish(std::span<uint8_t> room) {
  assert(room.size() >= 16);
  int size = 0;
  if (::EVP_EncryptFinal_ex(context_.get(), room.data(), &size) != 1) {
    return ErrorCode::kInternal;
  }
  return static_cast<size_t>(size);
}

}  // namespace millrace::hls
