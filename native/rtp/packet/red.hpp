#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"

namespace millrace::rtp {

/// A payload with redundant copies of earlier ones, RFC 2198 §3. Borrows the bytes it was parsed
/// from.
class RedPayload {
 public:
  struct Block {
    uint8_t payload_type = 0;
    uint16_t timestamp_offset = 0;  // ticks before the packet's timestamp; 14 bits; primary: 0
    Bytes data;                     // redundant: at most 1023 bytes
  };
  /// Most blocks in a packet. Senders of Opus use 2 or 3.
  static constexpr size_t kMaxBlocks = 16;
  static constexpr size_t kMaxRedundantBytes = 1023;
  static constexpr uint16_t kMaxTimestampOffset = 0x3fff;

  /// @return kRtpPayloadMalformed when headers or blocks reach beyond the payload, or there are
  /// more
  ///         than kMaxBlocks.
  [[nodiscard]] static Result<RedPayload> parse(Bytes payload);

  /// Oldest first, as on the wire; the primary is last.
  [[nodiscard]] std::span<const Block> blocks() const { return {blocks_.data(), count_}; }
  [[nodiscard]] const Block& primary() const { return blocks_[count_ - 1]; }

  /// Adds a block; the last one added is the primary.
  void add(const Block& block) {
    assert(count_ < kMaxBlocks);
    blocks_[count_++] = block;
  }
  [[nodiscard]] size_t size() const;
  void write_to(ByteWriter& writer) const;

  /// Gives all blocks of a whole payload that was written by write_to() the payload type that its
  /// receiver has for their codec.
  static void set_block_payload_types(std::span<uint8_t> payload, uint8_t payload_type);

 private:
  std::array<Block, kMaxBlocks> blocks_{};
  size_t count_ = 0;
};

}  // namespace millrace::rtp
