#pragma once

#include <optional>

#include "base/buffer_chain.hpp"
#include "protocols/hls/encryption.hpp"

namespace millrace::hls {

/// Collects the bytes of the segment being made, and encrypts them block by block as they come, so
/// that the end of a long segment does not hold the loop up.
class SegmentBody final : public ByteSink {
 public:
  SegmentBody() = default;

  /// Forgets what was collected.
  /// @param key  null: not encrypted.
  /// @return kInternal when the cipher cannot be set up.
  Status begin(const SegmentKey* key);

  std::span<uint8_t> room(size_t at_least) override;
  void commit(size_t size) override;

  /// Bytes collected since begin().
  [[nodiscard]] size_t size() const { return size_; }

  /// The whole segment. Errors: kInternal from the cipher.
  [[nodiscard]] Result<BufferChain> finish();

 private:
  void encrypt_scratch();

  size_t size_ = 0;
  ChainSink chain_{kBlockBytes};
  bool encrypted_ = false;
  bool failed_ = false;
  SegmentCipher cipher_;
  Ref<Buffer> scratch_;  // plain bytes that wait to be encrypted
  size_t scratch_used_ = 0;

  // 188 x 4 is whole TS packets and whole AES blocks, so neither leaves a gap at a block's end.
  static constexpr size_t kBlockBytes = size_t{188} * 4 * 175;
};

}  // namespace millrace::hls
