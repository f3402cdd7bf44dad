#include <gtest/gtest.h>

#include "codecs/h265/access_unit.hpp"
#include "codecs/h265/decoder_configuration.hpp"
#include "codecs/h265/parameter_sets.hpp"
#include "codecs/nal/nal_units.hpp"
#include "codecs/testing/hex.hpp"

namespace millrace::h265 {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

// x265, Main profile, 64x48, 25 fps.
constexpr const char* kVps = "40010c01ffff01600000030090000003000003001e959009";
constexpr const char* kSps =
    "42010101600000030090000003000003001ea020831659592e4caf016808000003000800000300c840";
constexpr const char* kPps = "4401c173d089";

// The record that FFmpeg writes for them, with its extra fields (x265 has set 15 for segmentation).
constexpr const char* kHvcC =
    "01 01 60000000 900000000000 1e f000 fc fd f8 f8 0000 0f 03"
    "20 0001 0018 40010c01ffff01600000030090000003000003001e959009"
    "21 0001 0029 42010101600000030090000003000003001ea020831659592e4caf01680800000300080000"
    "0300c840 22 0001 0006 4401c173d089";

TEST(H265ParameterSets, ReadsRealOnes) {
  const auto vps = VideoParameterSet::parse(hex(kVps));
  ASSERT_TRUE(vps);
  EXPECT_EQ(vps->id, 0U);
  EXPECT_EQ(vps->max_sub_layers, 1U);
  EXPECT_EQ(vps->profile_tier_level.profile_idc, 1);
  EXPECT_EQ(vps->profile_tier_level.level_idc, 30);

  const auto sps = SequenceParameterSet::parse(hex(kSps));
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->width, 64U);
  EXPECT_EQ(sps->height, 48U);
  EXPECT_EQ(sps->chroma_format_idc, 1U);
  EXPECT_EQ(sps->bit_depth_luma, 8U);
  EXPECT_EQ(sps->profile_tier_level.profile_idc, 1);
  EXPECT_EQ(sps->profile_tier_level.compatibility_flags, 0x60000000U);
  EXPECT_EQ(sps->profile_tier_level.constraint_flags, 0x900000000000U);
  EXPECT_EQ(sps->profile_tier_level.level_idc, 30);
}

TEST(H265ParameterSets, CutsAndLiesAreErrors) {
  const auto sps = hex(kSps);
  // What is read ends with the bit depths, 20 bytes into this one.
  for (size_t size = 0; size < 18; ++size) {
    EXPECT_FALSE(SequenceParameterSet::parse(Bytes(sps).first(size))) << size;
  }
  EXPECT_FALSE(SequenceParameterSet::parse(hex(kVps)));
  EXPECT_FALSE(VideoParameterSet::parse(hex(kSps)));
  EXPECT_FALSE(VideoParameterSet::parse(Bytes(hex(kVps)).first(10)));
  // Seven sub-layers less one is the most; here it says eight.
  EXPECT_FALSE(SequenceParameterSet::parse(hex("42010f01600000030090000003000003001ea020831659")));
  // A width of 0, and one of 2^31.
  EXPECT_FALSE(SequenceParameterSet::parse(hex("42010101600000030090000003000003001ea7")));
  EXPECT_FALSE(SequenceParameterSet::parse(
      hex("42010101600000030090000003000003001ea000000002000000020831659592e4c")));
}

TEST(H265DecoderConfiguration, ParsesAndWritesBack) {
  const auto bytes = hex(kHvcC);
  const auto configuration = DecoderConfiguration::parse(bytes);
  ASSERT_TRUE(configuration);
  EXPECT_EQ(configuration->profile_tier_level.profile_idc, 1);
  EXPECT_EQ(configuration->nal_length_size, 4);
  ASSERT_EQ(configuration->arrays.size(), 3U);
  EXPECT_EQ(configuration->arrays[1].type, NalUnitType::kSps);
  std::vector<uint8_t> written(configuration->size());
  ByteWriter writer(written);
  configuration->write_to(writer);
  // FFmpeg leaves array_completeness 0, and so do we when we write its record back.
  EXPECT_EQ(to_hex(writer.written()), to_hex(bytes));
}

TEST(H265DecoderConfiguration, CutsAreErrors) {
  const auto bytes = hex(kHvcC);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(make_track(Bytes(bytes).first(size))) << size;
  }
}

TEST(H265DecoderConfiguration, TooManyUnitsAreAnError) {
  auto bytes = hex("01 01 60000000 900000000000 1e f000 fc fd f8 f8 0000 0f 01 20 0081");
  bytes.resize(bytes.size() + size_t{2} * 0x81);
  EXPECT_EQ(make_track(bytes).error().code, ErrorCode::kHevcConfigInvalid);
}

TEST(H265DecoderConfiguration, MakesTrackWithSetsInDecodingOrder) {
  // The arrays the other way round: PPS, SPS, VPS.
  const auto made = make_track(
      hex("01 01 60000000 900000000000 1e f000 fc fd f8 f8 0000 0d 03"
          "22 0001 0006 4401c173d089"
          "21 0001 0029 42010101600000030090000003000003001ea020831659592e4caf016808000003000800"
          "000300c840 20 0001 0018 40010c01ffff01600000030090000003000003001e959009"));
  ASSERT_TRUE(made);
  const Track& track = **made;
  EXPECT_EQ(track.codec, CodecId::kH265);
  EXPECT_EQ(track.video.width, 64U);
  EXPECT_EQ(track.video.height, 48U);
  EXPECT_EQ(track.video.profile, 1U);
  EXPECT_EQ(track.video.level, 30U);
  ASSERT_EQ(track.parameter_sets.size(), 3U);
  EXPECT_EQ(to_hex(track.parameter_sets[0]->bytes()), kVps);
  EXPECT_EQ(to_hex(track.parameter_sets[1]->bytes()), kSps);
  EXPECT_EQ(to_hex(track.parameter_sets[2]->bytes()), kPps);
  EXPECT_EQ(nal_length_size(track.configuration->bytes()), 4U) << "was 2";
}

TEST(H265DecoderConfiguration, MakesTrackFromParameterSets) {
  const auto vps = hex(kVps);
  const auto sps = hex(kSps);
  const auto pps = hex(kPps);
  const Bytes all_vps[] = {vps};
  const Bytes all_sps[] = {sps};
  const Bytes all_pps[] = {pps};
  const auto made = make_track(all_vps, all_sps, all_pps);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->video.width, 64U);
  EXPECT_EQ((*made)->parameter_sets.size(), 3U);
  auto expected = hex(kHvcC);
  for (const size_t array : {23U, 52U, 98U}) {
    expected[array] |= 0x80;  // array_completeness: nothing else comes with the frames
  }
  EXPECT_EQ(to_hex((*made)->configuration->bytes()), to_hex(expected));
  EXPECT_FALSE(make_track(all_vps, {}, all_pps));
  EXPECT_FALSE(make_track(all_vps, all_pps, all_pps));
}

TEST(H265AccessUnit, FindsRandomAccessPoints) {
  const struct {
    const char* name;
    const char* annexb;
    bool is_irap;
  } cases[] = {
      {"IDR_N_LP", "000001 40010c 000001 420101 000001 4401c1 000001 2801af1d80", true},
      {"CRA", "000001 2a01ac14ec", true},
      {"BLA", "000001 2001ac14ec", true},
      {"TRAIL_R", "000001 0201d01157", false},
      {"RASL", "000001 1201e08695", false},
      {"cut header", "000001 28", false},
  };
  for (const auto& test : cases) {
    const auto bytes = hex(test.annexb);
    std::vector<NalUnit> units;
    ASSERT_TRUE(nal::split_annexb(bytes, units));
    EXPECT_EQ(AccessUnit::inspect(bytes, units).has_irap, test.is_irap) << test.name;
  }
}

}  // namespace
}  // namespace millrace::h265
