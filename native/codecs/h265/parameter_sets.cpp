#include "codecs/h265/parameter_sets.hpp"

#include <array>

#include "codecs/h265/nal_unit.hpp"
#include "codecs/nal/nal_units.hpp"

namespace millrace::h265 {
namespace {

// Level 6.2 allows 8444 pixels in one direction (§A.4.1), and level 8.5 has no limit; this one is
// what sample entries and players can hold.
constexpr uint32_t kMaxSize = 65535;

// What is read of a set ends within this many bytes: the profile of 7 sub-layers takes 88 of them.
constexpr size_t kMaxReadBytes = 256;

constexpr unsigned kMaxSubLayersMinus1 = 6;

}  // namespace

ProfileTierLevel ProfileTierLevel::read(BitReader& reader, unsigned max_sub_layers_minus1) {
  ProfileTierLevel out;
  out.profile_space = static_cast<uint8_t>(reader.u(2));
  out.tier = reader.flag();
  out.profile_idc = static_cast<uint8_t>(reader.u(5));
  out.compatibility_flags = reader.u(32);
  out.constraint_flags = reader.bits(48);
  out.level_idc = static_cast<uint8_t>(reader.u(8));
  uint32_t profiles_present = 0;
  uint32_t levels_present = 0;
  for (unsigned i = 0; i < max_sub_layers_minus1; ++i) {
    profiles_present += reader.u(1);
    levels_present += reader.u(1);
  }
  if (max_sub_layers_minus1 > 0) {
    reader.skip(size_t{2} * (8 - max_sub_layers_minus1));  // reserved_zero_2bits
  }
  reader.skip(size_t{88} * profiles_present + size_t{8} * levels_present);
  return out;
}

Result<VideoParameterSet> VideoParameterSet::parse(Bytes nal) {
  if (nal_unit_type(nal) != NalUnitType::kVps) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  std::array<uint8_t, kMaxReadBytes> room;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  BitReader reader(nal::unescape(nal.subspan(kNalHeaderSize), room));
  VideoParameterSet vps;
  vps.id = reader.u(4);
  reader.skip(2 + 6);  // base layer flags, vps_max_layers_minus1
  const unsigned max_sub_layers_minus1 = reader.u(3);
  vps.max_sub_layers = max_sub_layers_minus1 + 1;
  vps.temporal_id_nesting = reader.flag();
  reader.skip(16);  // vps_reserved_0xffff_16bits
  if (max_sub_layers_minus1 > kMaxSubLayersMinus1) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  vps.profile_tier_level = ProfileTierLevel::read(reader, max_sub_layers_minus1);
  if (!reader.ok()) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  return vps;
}

Result<SequenceParameterSet> SequenceParameterSet::parse(Bytes nal) {
  if (nal_unit_type(nal) != NalUnitType::kSps) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  std::array<uint8_t, kMaxReadBytes> room;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  BitReader reader(nal::unescape(nal.subspan(kNalHeaderSize), room));
  SequenceParameterSet sps;
  reader.skip(4);  // sps_video_parameter_set_id
  const unsigned max_sub_layers_minus1 = reader.u(3);
  sps.max_sub_layers = max_sub_layers_minus1 + 1;
  sps.temporal_id_nesting = reader.flag();
  if (max_sub_layers_minus1 > kMaxSubLayersMinus1) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  sps.profile_tier_level = ProfileTierLevel::read(reader, max_sub_layers_minus1);
  sps.id = reader.ue();
  sps.chroma_format_idc = reader.ue();
  bool separate_colour_planes = false;
  if (sps.chroma_format_idc == 3) {
    separate_colour_planes = reader.flag();
  }
  const uint64_t coded_width = reader.ue();
  const uint64_t coded_height = reader.ue();
  uint64_t cropped_x = 0;
  uint64_t cropped_y = 0;
  if (reader.flag()) {  // conformance_window_flag
    cropped_x = uint64_t{reader.ue()} + reader.ue();
    cropped_y = uint64_t{reader.ue()} + reader.ue();
  }
  sps.bit_depth_luma = reader.ue() + 8;
  sps.bit_depth_chroma = reader.ue() + 8;
  if (!reader.ok() || sps.id > 15 || sps.chroma_format_idc > 3 || sps.bit_depth_luma < 8 ||
      sps.bit_depth_luma > 16 || sps.bit_depth_chroma < 8 || sps.bit_depth_chroma > 16 ||
      coded_width > kMaxSize || coded_height > kMaxSize) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  // SubWidthC and SubHeightC, Table 6-1. Separate colour planes count as monochrome.
  const uint32_t chroma = separate_colour_planes ? 0 : sps.chroma_format_idc;
  cropped_x *= chroma == 1 || chroma == 2 ? 2 : 1;
  cropped_y *= chroma == 1 ? 2 : 1;
  if (cropped_x >= coded_width || cropped_y >= coded_height) {
    return ErrorCode::kHevcParameterSetInvalid;
  }
  sps.width = static_cast<uint32_t>(coded_width - cropped_x);
  sps.height = static_cast<uint32_t>(coded_height - cropped_y);
  return sps;
}

}  // namespace millrace::h265
