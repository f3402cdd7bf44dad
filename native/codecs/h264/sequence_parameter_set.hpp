#pragma once

#include <cstdint>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::h264 {

/// What the server needs of seq_parameter_set_data(), ITU-T H.264 §7.3.2.1.1 and §E.1.1.
struct SequenceParameterSet {
  uint8_t profile_idc = 0;
  uint8_t constraint_flags = 0;  // constraint_set0_flag is the most significant bit
  uint8_t level_idc = 0;
  uint32_t id = 0;
  uint32_t chroma_format_idc = 1;  // 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4
  uint32_t bit_depth_luma = 8;
  uint32_t bit_depth_chroma = 8;
  uint32_t max_num_ref_frames = 0;
  uint32_t width = 0;   // pixels, after cropping
  uint32_t height = 0;  // pixels of a frame (both fields), after cropping
  bool frame_mbs_only = true;
  /// Frames per second as a fraction, from the VUI's timing; 0/0 when it says nothing.
  uint32_t frame_rate_numerator = 0;
  uint32_t frame_rate_denominator = 0;
  /// VUI max_num_reorder_frames; -1 when it says nothing. 0 means no B-frames.
  int32_t max_num_reorder_frames = -1;

  /// @param nal  the unit with its header byte, with emulation prevention, without start code.
  /// @return kH264ParameterSetInvalid when it is cut or its values are outside what the standard
  ///         allows. A VUI that is cut or wrong is passed over: cameras send such, decoders play
  ///         them.
  [[nodiscard]] static Result<SequenceParameterSet> parse(Bytes nal);
};

}  // namespace millrace::h264
