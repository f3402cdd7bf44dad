#pragma once

#include <cstdint>

#include "base/bit_reader.hpp"
#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::h265 {

/// The general_ part of profile_tier_level(), ITU-T H.265 §7.3.3.
struct ProfileTierLevel {
  uint8_t profile_space = 0;
  bool tier = false;  // general_tier_flag: high tier
  uint8_t profile_idc = 0;
  uint32_t compatibility_flags = 0;  // general_profile_compatibility_flag[0] is the highest bit
  uint64_t constraint_flags = 0;     // 48 bits, general_progressive_source_flag is the highest
  uint8_t level_idc = 0;             // 30 times the level

  /// Reads the whole structure, sub-layers included.
  static ProfileTierLevel read(BitReader& reader, unsigned max_sub_layers_minus1);
};

/// What the server needs of video_parameter_set_rbsp(), §7.3.2.1.
struct VideoParameterSet {
  uint32_t id = 0;
  uint32_t max_sub_layers = 1;
  bool temporal_id_nesting = false;
  ProfileTierLevel profile_tier_level;

  /// @param nal  the unit with its header, with emulation prevention, without start code.
  /// @return kHevcParameterSetInvalid.
  [[nodiscard]] static Result<VideoParameterSet> parse(Bytes nal);
};

/// What the server needs of seq_parameter_set_rbsp(), §7.3.2.2, up to the bit depths.
struct SequenceParameterSet {
  uint32_t id = 0;
  uint32_t max_sub_layers = 1;
  bool temporal_id_nesting = false;
  ProfileTierLevel profile_tier_level;
  uint32_t chroma_format_idc = 1;  // 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4
  uint32_t width = 0;              // pixels, within the conformance window
  uint32_t height = 0;
  uint32_t bit_depth_luma = 8;
  uint32_t bit_depth_chroma = 8;

  /// @param nal  as above.
  /// @return kHevcParameterSetInvalid when it is cut or its values are outside the standard's
  /// limits.
  [[nodiscard]] static Result<SequenceParameterSet> parse(Bytes nal);
};

}  // namespace millrace::h265
