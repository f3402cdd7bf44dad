#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::vp8 {

/// Frame tag and key frame header, RFC 6386 §9.1.
struct FrameHeader {
  bool is_key_frame = false;
  uint8_t version = 0;
  bool show_frame = false;
  uint32_t width = 0;  // pixels; of key frames only
  uint32_t height = 0;

  /// @return kVp8HeaderInvalid when it is cut or a key frame has no start code.
  [[nodiscard]] static Result<FrameHeader> parse(Bytes frame) {
    ByteReader reader(frame);
    // Little-endian, from the lowest bit: key frame when 0, version, show_frame, first part's size.
    const uint8_t tag = reader.u8();
    reader.skip(2);
    FrameHeader header;
    header.is_key_frame = (tag & 1) == 0;
    header.version = tag >> 1 & 7;
    header.show_frame = (tag & 0x10) != 0;
    if (header.is_key_frame) {
      if (reader.u24() != kStartCode) {
        return ErrorCode::kVp8HeaderInvalid;
      }
      // The upper two bits are how much a player should scale up.
      header.width = reader.u16_le() & 0x3fff;
      header.height = reader.u16_le() & 0x3fff;
    }
    if (!reader.ok()) {
      return ErrorCode::kVp8HeaderInvalid;
    }
    return header;
  }

 private:
  static constexpr uint32_t kStartCode = 0x9d012a;
};

}  // namespace millrace::vp8
