#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::av1 {

/// What the server needs of sequence_header_obu(), AV1 specification §5.5.
struct SequenceHeader {
  uint8_t profile = 0;    // seq_profile
  uint8_t level_idx = 0;  // seq_level_idx of operating point 0: 4 * (major - 2) + minor
  bool tier = false;      // seq_tier of operating point 0: high tier
  uint32_t max_frame_width = 0;
  uint32_t max_frame_height = 0;
  uint8_t bit_depth = 8;
  bool monochrome = false;
  bool chroma_subsampling_x = true;
  bool chroma_subsampling_y = true;
  uint8_t chroma_sample_position = 0;
  uint8_t colour_primaries = 2;  // 2: unspecified, as in ITU-T H.273
  uint8_t transfer_characteristics = 2;
  uint8_t matrix_coefficients = 2;
  bool full_range = false;

  /// @param payload  of the OBU, without its header and size.
  /// @return kAv1SequenceHeaderInvalid when it is cut or has reserved values.
  [[nodiscard]] static Result<SequenceHeader> parse(Bytes payload);
};

}  // namespace millrace::av1
