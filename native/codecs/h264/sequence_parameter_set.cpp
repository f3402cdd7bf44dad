#include "codecs/h264/sequence_parameter_set.hpp"

#include <array>

#include "base/bit_reader.hpp"
#include "codecs/h264/nal_unit.hpp"
#include "codecs/nal/nal_units.hpp"

namespace millrace::h264 {
namespace {

// Level 6.2 allows 139264 macroblocks a frame and 1055 in one direction (§A.3.1); the limit here is
// what sample entries and players can hold, and keeps all products below 2^32.
constexpr uint32_t kMaxSizeInMacroblocks = 65536 / 16;

// An SPS with all scaling lists and a VUI with 32 CPB entries stays below 2 KB.
constexpr size_t kMaxSpsBytes = 4096;

constexpr uint32_t kExtendedSar = 255;

bool has_chroma_format(uint32_t profile_idc) {
  switch (profile_idc) {
    case 100:  // High
    case 110:  // High 10
    case 122:  // High 4:2:2
    case 244:  // High 4:4:4 Predictive
    case 44:   // CAVLC 4:4:4 Intra
    case 83:   // Scalable Baseline
    case 86:   // Scalable High
    case 118:  // Multiview High
    case 128:  // Stereo High
    case 134:  // MFC High
    case 135:  // MFC Depth High
    case 138:  // Multiview Depth High
    case 139:  // Enhanced Multiview Depth High
      return true;
    default:
      return false;
  }
}

/// scaling_list(), §7.3.2.1.1.1
void skip_scaling_list(BitReader& reader, unsigned size) {
  int32_t last_scale = 8;
  int32_t next_scale = 8;
  for (unsigned i = 0; i < size && reader.ok(); ++i) {
    if (next_scale != 0) {
      const int32_t delta_scale = reader.se();
      if (delta_scale < -128 || delta_scale > 127) {
        reader.fail();
        return;
      }
      next_scale = (last_scale + delta_scale + 256) % 256;
    }
    last_scale = next_scale == 0 ? last_scale : next_scale;
  }
}

/// hrd_parameters(), §E.1.2
void skip_hrd(BitReader& reader) {
  const uint64_t cpb_count = uint64_t{reader.ue()} + 1;
  if (cpb_count > 32) {
    reader.fail();
    return;
  }
  reader.skip(8);  // bit_rate_scale, cpb_size_scale
  for (uint64_t i = 0; i < cpb_count && reader.ok(); ++i) {
    (void)reader.ue();  // bit_rate_value_minus1
    (void)reader.ue();  // cpb_size_value_minus1
    reader.skip(1);     // cbr_flag
  }
  reader.skip(20);  // four lengths of 5 bits
}

/// vui_parameters(), §E.1.1
void read_vui(BitReader& reader, SequenceParameterSet& sps) {
  if (reader.flag() && reader.u(8) == kExtendedSar) {
    reader.skip(32);  // sar_width, sar_height
  }
  if (reader.flag()) {  // overscan_info_present_flag
    reader.skip(1);
  }
  if (reader.flag()) {  // video_signal_type_present_flag
    reader.skip(4);     // video_format, video_full_range_flag
    if (reader.flag()) {
      reader.skip(24);  // colour_primaries, transfer_characteristics, matrix_coefficients
    }
  }
  if (reader.flag()) {  // chroma_loc_info_present_flag
    (void)reader.ue();
    (void)reader.ue();
  }
  if (reader.flag()) {  // timing_info_present_flag
    const uint32_t num_units_in_tick = reader.u(32);
    const uint32_t time_scale = reader.u(32);
    reader.skip(1);  // fixed_frame_rate_flag
    // A tick is a field, also in progressive video: a frame lasts two (§E.2.1).
    if (reader.ok() && num_units_in_tick != 0 && num_units_in_tick <= UINT32_MAX / 2) {
      sps.frame_rate_numerator = time_scale;
      sps.frame_rate_denominator = num_units_in_tick * 2;
    }
  }
  const bool nal_hrd = reader.flag();
  if (nal_hrd) {
    skip_hrd(reader);
  }
  const bool vcl_hrd = reader.flag();
  if (vcl_hrd) {
    skip_hrd(reader);
  }
  if (nal_hrd || vcl_hrd) {
    reader.skip(1);  // low_delay_hrd_flag
  }
  reader.skip(1);       // pic_struct_present_flag
  if (reader.flag()) {  // bitstream_restriction_flag
    reader.skip(1);     // motion_vectors_over_pic_boundaries_flag
    for (int i = 0; i < 4; ++i) {
      (void)reader.ue();
    }
    const uint32_t max_num_reorder_frames = reader.ue();
    if (reader.ok() && max_num_reorder_frames <= 16) {
      sps.max_num_reorder_frames = static_cast<int32_t>(max_num_reorder_frames);
    }
  }
}

}  // namespace

Result<SequenceParameterSet> SequenceParameterSet::parse(Bytes nal) {
  if (nal_unit_type(nal) != NalUnitType::kSps) {
    return ErrorCode::kH264ParameterSetInvalid;
  }
  std::array<uint8_t, kMaxSpsBytes> room;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  BitReader reader(nal::unescape(nal.subspan(1), room));

  SequenceParameterSet sps;
  sps.profile_idc = static_cast<uint8_t>(reader.u(8));
  sps.constraint_flags = static_cast<uint8_t>(reader.u(8));
  sps.level_idc = static_cast<uint8_t>(reader.u(8));
  sps.id = reader.ue();
  bool separate_colour_planes = false;
  if (has_chroma_format(sps.profile_idc)) {
    sps.chroma_format_idc = reader.ue();
    if (sps.chroma_format_idc == 3) {
      separate_colour_planes = reader.flag();
    }
    sps.bit_depth_luma = reader.ue() + 8;
    sps.bit_depth_chroma = reader.ue() + 8;
    reader.skip(1);       // qpprime_y_zero_transform_bypass_flag
    if (reader.flag()) {  // seq_scaling_matrix_present_flag
      const unsigned lists = sps.chroma_format_idc == 3 ? 12 : 8;
      for (unsigned i = 0; i < lists && reader.ok(); ++i) {
        if (reader.flag()) {
          skip_scaling_list(reader, i < 6 ? 16 : 64);
        }
      }
    }
  }
  (void)reader.ue();  // log2_max_frame_num_minus4
  const uint32_t pic_order_cnt_type = reader.ue();
  if (pic_order_cnt_type == 0) {
    (void)reader.ue();  // log2_max_pic_order_cnt_lsb_minus4
  } else if (pic_order_cnt_type == 1) {
    reader.skip(1);     // delta_pic_order_always_zero_flag
    (void)reader.se();  // offset_for_non_ref_pic
    (void)reader.se();  // offset_for_top_to_bottom_field
    const uint32_t cycle = reader.ue();
    if (cycle > 255) {
      reader.fail();
    }
    for (uint32_t i = 0; i < cycle && reader.ok(); ++i) {
      (void)reader.se();  // offset_for_ref_frame
    }
  }
  sps.max_num_ref_frames = reader.ue();
  reader.skip(1);  // gaps_in_frame_num_value_allowed_flag
  const uint64_t width_in_mbs = uint64_t{reader.ue()} + 1;
  const uint64_t height_in_map_units = uint64_t{reader.ue()} + 1;
  sps.frame_mbs_only = reader.flag();
  if (!sps.frame_mbs_only) {
    reader.skip(1);  // mb_adaptive_frame_field_flag
  }
  reader.skip(1);  // direct_8x8_inference_flag
  uint32_t crop_left = 0;
  uint32_t crop_right = 0;
  uint32_t crop_top = 0;
  uint32_t crop_bottom = 0;
  if (reader.flag()) {  // frame_cropping_flag
    crop_left = reader.ue();
    crop_right = reader.ue();
    crop_top = reader.ue();
    crop_bottom = reader.ue();
  }
  const bool has_vui = reader.flag();
  const uint64_t fields = sps.frame_mbs_only ? 1 : 2;
  if (!reader.ok() || sps.id > 31 || sps.chroma_format_idc > 3 || sps.bit_depth_luma < 8 ||
      sps.bit_depth_luma > 14 || sps.bit_depth_chroma < 8 || sps.bit_depth_chroma > 14 ||
      pic_order_cnt_type > 2 || width_in_mbs > kMaxSizeInMacroblocks ||
      height_in_map_units * fields > kMaxSizeInMacroblocks) {
    return ErrorCode::kH264ParameterSetInvalid;
  }

  // CropUnitX and CropUnitY, equations 7-19 to 7-22. Separate colour planes count as monochrome.
  const uint32_t chroma_array_type = separate_colour_planes ? 0 : sps.chroma_format_idc;
  const uint64_t crop_unit_x = chroma_array_type == 1 || chroma_array_type == 2 ? 2 : 1;
  const uint64_t crop_unit_y = (chroma_array_type == 1 ? 2 : 1) * fields;
  const uint64_t cropped_x = (uint64_t{crop_left} + crop_right) * crop_unit_x;
  const uint64_t cropped_y = (uint64_t{crop_top} + crop_bottom) * crop_unit_y;
  const uint64_t coded_width = width_in_mbs * 16;
  const uint64_t coded_height = height_in_map_units * fields * 16;
  if (cropped_x >= coded_width || cropped_y >= coded_height) {
    return ErrorCode::kH264ParameterSetInvalid;
  }
  sps.width = static_cast<uint32_t>(coded_width - cropped_x);
  sps.height = static_cast<uint32_t>(coded_height - cropped_y);
  if (has_vui) {
    read_vui(reader, sps);
  }
  return sps;
}

}  // namespace millrace::h264
