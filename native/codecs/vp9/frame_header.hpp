#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::vp9 {

/// Start of uncompressed_header(), VP9 Bitstream & Decoding Process Specification §6.2. In a
/// superframe it is that of the first frame.
struct FrameHeader {
  uint8_t profile = 0;
  bool is_key_frame = false;
  bool show_frame = true;
  // Of key frames only:
  uint8_t bit_depth = 8;
  bool full_range = false;
  uint8_t color_space = 0;
  bool chroma_subsampling_x = true;
  bool chroma_subsampling_y = true;
  uint32_t width = 0;  // pixels
  uint32_t height = 0;

  /// @return kVp9HeaderInvalid when it is cut or has no frame marker or sync code.
  [[nodiscard]] static Result<FrameHeader> parse(Bytes frame);
};

}  // namespace millrace::vp9
