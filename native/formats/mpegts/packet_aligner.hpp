#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "formats/mpegts/packet.hpp"

namespace millrace::mpegts {

/// Finds the TS packets in a byte stream that may be cut anywhere and may hold other bytes between.
/// In step, each packet begins where the last one ended; out of step, a sync byte counts only when
/// another follows 188 bytes later, since 0x47 is an ordinary byte of payloads too.
///
/// Use: feed(), then next() until it gives nothing; the bytes are borrowed until then.
class PacketAligner {
 public:
  void feed(Bytes bytes) { input_ = bytes; }

  /// @return the next packet, 188 bytes that are valid until the next call; nullopt when more bytes
  ///         are needed.
  [[nodiscard]] std::optional<Bytes> next();

  /// Bytes that belonged to no packet.
  [[nodiscard]] uint64_t skipped_bytes() const { return skipped_bytes_; }
  /// Times the step was lost.
  [[nodiscard]] uint64_t losses() const { return losses_; }

 private:
  static constexpr size_t kLookAhead = kPacketBytes + 1;

  [[nodiscard]] size_t available() const { return carry_size_ - carry_used_ + input_.size(); }
  [[nodiscard]] uint8_t at(size_t index) const;
  void skip(size_t count);
  Bytes take();
  void keep_rest();

  std::array<uint8_t, kLookAhead> carry_{};
  std::array<uint8_t, kPacketBytes> packet_{};
  size_t carry_size_ = 0;
  size_t carry_used_ = 0;
  Bytes input_;
  bool in_step_ = false;
  uint64_t skipped_bytes_ = 0;
  uint64_t losses_ = 0;
};

}  // namespace millrace::mpegts
