#include "codecs/codec_string.hpp"

#include <gtest/gtest.h>

#include "codecs/registry.hpp"
#include "codecs/testing/hex.hpp"

namespace millrace {
namespace {

using millrace::testing::hex;

TEST(CodecString, FollowsFromTheConfiguration) {
  const struct {
    CodecId codec;
    const char* configuration;
    const char* text;
  } cases[] = {
      {CodecId::kH264, "01 64001e ff e0 00", "avc1.64001e"},
      {CodecId::kH264, "01 42c00d ff e0 00", "avc1.42c00d"},
      {CodecId::kH265, "01 01 60000000 900000000000 5d f000 fc fd f8 f8 0000 0f 00",
       "hvc1.1.6.L93.90"},
      {CodecId::kH265, "01 22 20000000 b00000000008 99 f000 fc fd fa fa 0000 0f 00",
       "hvc1.2.4.H153.B0.0.0.0.0.8"},
      {CodecId::kAv1, "81 04 0c 00", "av01.0.04M.08"},
      {CodecId::kAv1, "81 0d cc 00", "av01.0.13H.10"},
      {CodecId::kVp9, "00 1f 82 020202 0000", "vp09.00.31.08"},
      {CodecId::kVp8, "00 00 82 020202 0000", "vp08.00.10.08"},
      {CodecId::kAac, "1210", "mp4a.40.2"},
      {CodecId::kAac, "2b118800", "mp4a.40.5"},
      {CodecId::kAac, "eb098800", "mp4a.40.29"},
      {CodecId::kOpus, "4f70757348656164 01 02 3801 80bb0000 0000 00", "opus"},
  };
  for (const auto& test : cases) {
    const auto track = make_track(test.codec, hex(test.configuration));
    ASSERT_TRUE(track) << test.text;
    EXPECT_EQ(codec_string(**track), test.text);
  }
}

TEST(CodecString, IsEmptyWhereThereIsNone) {
  const auto track = Track::make();
  EXPECT_EQ(codec_string(*track), "");
  track->codec = CodecId::kH264;
  EXPECT_EQ(codec_string(*track), "");
  track->codec = CodecId::kMp3;
  EXPECT_EQ(codec_string(*track), "mp4a.40.34");
}

TEST(CodecRegistry, KnowsWhichCodecsHaveARecord) {
  EXPECT_TRUE(has_configuration(CodecId::kH265));
  EXPECT_FALSE(has_configuration(CodecId::kMp3));
  EXPECT_EQ(make_track(CodecId::kMp3, {}).error().code, ErrorCode::kCodecUnsupported);
  const std::vector<uint8_t> huge(kMaxConfigurationBytes + 1, 1);
  EXPECT_EQ(make_track(CodecId::kH264, huge).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace millrace
