#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/buffer_chain.hpp"
#include "base/byte_reader.hpp"
#include "base/result.hpp"

struct evp_cipher_ctx_st;

namespace millrace::hls {

/// Key and initialization vector of AES-128, RFC 8216 §5.2.
struct SegmentKey {
  std::array<uint8_t, 16> key{};
  std::array<uint8_t, 16> iv{};
  uint64_t sequence = 0;  // of the first segment encrypted with it; names its file

  /// Random ones.
  /// @return kInternal when the system gives no randomness.
  [[nodiscard]] static Result<SegmentKey> generate(uint64_t sequence);
};

/// Whole segments in AES-128-CBC with PKCS#7 padding: RFC 8216 §4.3.2.4, METHOD=AES-128.
class SegmentCipher {
 public:
  SegmentCipher();
  ~SegmentCipher();
  SegmentCipher(const SegmentCipher&) = delete;
  SegmentCipher& operator=(const SegmentCipher&) = delete;

  /// Begins a segment.
  Status begin(const SegmentKey& key);
  /// @param room  at least as long as `plain` and 16 bytes more.
  /// @return bytes written to `room`: whole blocks only, the rest is kept.
  Result<size_t> update(Bytes plain, std::span<uint8_t> room);
  /// Writes the padded last block.
  Result<size_t> finish(std::span<uint8_t> room);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

}  // namespace millrace::hls
