#include <gtest/gtest.h>

#include "codecs/h264/access_unit.hpp"
#include "codecs/h264/decoder_configuration.hpp"
#include "codecs/h264/nal_unit.hpp"
#include "codecs/h264/sequence_parameter_set.hpp"
#include "codecs/nal/nal_units.hpp"
#include "codecs/testing/hex.hpp"

namespace millrace::h264 {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

struct SpsCase {
  const char* name;
  const char* nal;
  uint32_t width;
  uint32_t height;
  uint32_t profile;
  uint32_t level;
  uint32_t chroma_format;
  uint32_t frame_rate_numerator;
  uint32_t frame_rate_denominator;
  int32_t reorder;
};

constexpr SpsCase kSpsCases[] = {
    {"x264 High 64x48 25 fps",
     "6764000aacd9447b01100000030010000003032"
     "0f1225960",
     64, 48, 100, 10, 1, 50, 2, 2},
    {"x264 4:2:2 interlaced, cropped to 66x50, 30 fps",
     "677a0015bce4153c44460220000003002000000783e28549", 66, 50, 122, 21, 2, 60, 2, 0},
};

TEST(H264SequenceParameterSet, ReadsRealOnes) {
  for (const auto& test : kSpsCases) {
    SCOPED_TRACE(test.name);
    const auto sps = SequenceParameterSet::parse(hex(test.nal));
    ASSERT_TRUE(sps);
    EXPECT_EQ(sps->width, test.width);
    EXPECT_EQ(sps->height, test.height);
    EXPECT_EQ(sps->profile_idc, test.profile);
    EXPECT_EQ(sps->level_idc, test.level);
    EXPECT_EQ(sps->chroma_format_idc, test.chroma_format);
    EXPECT_EQ(sps->frame_rate_numerator * test.frame_rate_denominator,
              sps->frame_rate_denominator * test.frame_rate_numerator);
    EXPECT_EQ(sps->max_num_reorder_frames, test.reorder);
  }
}

TEST(H264SequenceParameterSet, EveryCutIsAnErrorOrLosesOnlyTheVui) {
  for (const auto& test : kSpsCases) {
    const auto nal = hex(test.nal);
    for (size_t size = 0; size < nal.size(); ++size) {
      const auto sps = SequenceParameterSet::parse(Bytes(nal).first(size));
      if (sps) {
        EXPECT_EQ(sps->width, test.width);
        EXPECT_EQ(sps->height, test.height);
      } else {
        EXPECT_EQ(sps.error().code, ErrorCode::kH264ParameterSetInvalid);
      }
    }
  }
}

TEST(H264SequenceParameterSet, LiesAreErrors) {
  // Baseline, level 3; sps id 0; frame num, POC type 0, 1 reference frame; then the lie.
  const struct {
    const char* name;
    const char* nal;
  } cases[] = {
      // ue codes of 32 bits for the width in macroblocks
      {"width of 2^32 macroblocks", "6742001e f4 00000000fffffffff8 80"},
      {"not an SPS", "6842001ef4"},
      {"empty", ""},
      {"only a header", "67"},
      // 1 1 1 010 0: id 0, log2 0, poc 0, log2 0 -> width 1, height 1, crop left 2^16
      {"zeros", "67420000000000000000000000"},
  };
  for (const auto& test : cases) {
    const auto sps = SequenceParameterSet::parse(hex(test.nal));
    EXPECT_FALSE(sps) << test.name;
  }
}

// AVCDecoderConfigurationRecord of x264, as FFmpeg writes it.
constexpr const char* kAvcC =
    "01 64000a ff e1 0018 6764000aacd9447b011000000300100000030320f1225960 "
    "01 0006 68ebe3cb22c0 fdf8f800";

TEST(H264DecoderConfiguration, ParsesAndWritesBack) {
  const auto bytes = hex(kAvcC);
  const auto configuration = DecoderConfiguration::parse(bytes);
  ASSERT_TRUE(configuration);
  EXPECT_EQ(configuration->profile_indication, 100);
  EXPECT_EQ(configuration->level_indication, 10);
  EXPECT_EQ(configuration->nal_length_size, 4);
  ASSERT_EQ(configuration->sps.size(), 1U);
  ASSERT_EQ(configuration->pps.size(), 1U);
  EXPECT_EQ(to_hex(configuration->pps[0]), "68ebe3cb22c0");
  EXPECT_EQ(to_hex(configuration->extension), "fdf8f800");
  std::vector<uint8_t> written(configuration->size());
  ByteWriter writer(written);
  configuration->write_to(writer);
  EXPECT_EQ(to_hex(writer.written()), to_hex(bytes));
}

TEST(H264DecoderConfiguration, CutsAreErrors) {
  const auto bytes = hex(kAvcC);
  const size_t end_of_pps = bytes.size() - 4;
  for (size_t size = 0; size < end_of_pps; ++size) {
    EXPECT_FALSE(DecoderConfiguration::parse(Bytes(bytes).first(size))) << size;
    EXPECT_FALSE(make_track(Bytes(bytes).first(size))) << size;
  }
}

TEST(H264DecoderConfiguration, OtherVersionsAreErrors) {
  auto bytes = hex(kAvcC);
  bytes[0] = 0;
  EXPECT_EQ(make_track(bytes).error().code, ErrorCode::kH264ConfigInvalid);
}

TEST(H264DecoderConfiguration, MakesTrack) {
  const auto made = make_track(hex(kAvcC));
  ASSERT_TRUE(made);
  const Track& track = **made;
  EXPECT_EQ(track.kind, TrackKind::kVideo);
  EXPECT_EQ(track.codec, CodecId::kH264);
  EXPECT_EQ(track.video.width, 64U);
  EXPECT_EQ(track.video.height, 48U);
  EXPECT_EQ(track.video.profile, 100U);
  EXPECT_EQ(track.video.level, 10U);
  ASSERT_EQ(track.parameter_sets.size(), 2U);
  EXPECT_EQ(to_hex(track.configuration->bytes()), to_hex(hex(kAvcC)));
}

TEST(H264DecoderConfiguration, TrackAlwaysHasFourByteLengths) {
  auto bytes = hex(kAvcC);
  bytes[4] = 0xfd;  // lengthSizeMinusOne 1
  EXPECT_EQ(nal_length_size(bytes), 2U);
  const auto made = make_track(bytes);
  ASSERT_TRUE(made);
  EXPECT_EQ(nal_length_size((*made)->configuration->bytes()), 4U);
}

TEST(H264DecoderConfiguration, SpsThatCannotBeReadLeavesTheSizeOpen) {
  const auto made = make_track(hex("01 42001e ff e1 0004 6742001e 01 0002 68ce"));
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->video.width, 0U);
  EXPECT_EQ((*made)->video.profile, 0x42U);
}

TEST(H264DecoderConfiguration, MakesTheSameRecordFromParameterSets) {
  const auto sps = hex(kSpsCases[0].nal);
  const auto pps = hex("68ebe3cb22c0");
  const Bytes all_sps[] = {sps};
  const Bytes all_pps[] = {pps};
  const auto made = make_track(all_sps, all_pps);
  ASSERT_TRUE(made);
  EXPECT_EQ(to_hex((*made)->configuration->bytes()), to_hex(hex(kAvcC)));
  EXPECT_FALSE(make_track({}, all_pps));
}

AccessUnit inspect(const char* annexb) {
  const auto bytes = hex(annexb);
  std::vector<NalUnit> units;
  EXPECT_TRUE(nal::split_annexb(bytes, units));
  return AccessUnit::inspect(bytes, units);
}

TEST(H264AccessUnit, FindsWhatDecodingCanStartFrom) {
  const auto idr = inspect("00000001 09f0 00000001 6764000a 00000001 68ebe3cb 000001 6588840025ff");
  EXPECT_TRUE(idr.is_random_access());
  EXPECT_TRUE(idr.has_idr);
  EXPECT_TRUE(idr.has_sps);
  EXPECT_TRUE(idr.has_pps);
  EXPECT_TRUE(idr.has_delimiter);

  // x264 with open-gop: recovery point (payload type 6) before an I slice that is not IDR.
  const auto open_gop = inspect("000001 060601c480 000001 418888c0b7c942");
  EXPECT_TRUE(open_gop.is_random_access());
  EXPECT_FALSE(open_gop.has_idr);

  const auto intra = inspect("000001 418888c0b7c942");
  EXPECT_FALSE(intra.is_random_access());
  EXPECT_TRUE(intra.has_intra_slice);

  const auto inter = inspect("000001 419e4178873f8981");
  EXPECT_FALSE(inter.is_random_access());
  EXPECT_FALSE(inter.has_intra_slice);
  EXPECT_TRUE(inter.has_slice);

  // User data whose bytes look like a recovery point, and sizes beyond the unit.
  EXPECT_FALSE(inspect("000001 0605030601c480 000001 419e41").is_random_access());
  EXPECT_FALSE(inspect("000001 0605ff0601c480 000001 419e41").is_random_access());
  EXPECT_FALSE(inspect("000001 06ffffffffff 000001 06 000001 41").is_random_access());
}

}  // namespace
}  // namespace millrace::h264
