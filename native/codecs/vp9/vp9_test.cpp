#include <gtest/gtest.h>

#include "codecs/testing/hex.hpp"
#include "codecs/vp8/frame_header.hpp"
#include "codecs/vp9/codec_configuration.hpp"
#include "codecs/vp9/frame_header.hpp"

namespace millrace {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

TEST(Vp9FrameHeader, ReadsKeyAndInterFrames) {
  // libvpx, profile 0, 64x48.
  const auto key = vp9::FrameHeader::parse(hex("824983420003f002f606"));
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->is_key_frame);
  EXPECT_TRUE(key->show_frame);
  EXPECT_EQ(key->profile, 0);
  EXPECT_EQ(key->width, 64U);
  EXPECT_EQ(key->height, 48U);
  EXPECT_EQ(key->bit_depth, 8);
  const auto inter = vp9::FrameHeader::parse(hex("860040929c0c5000"));
  ASSERT_TRUE(inter);
  EXPECT_FALSE(inter->is_key_frame);
  const auto existing = vp9::FrameHeader::parse(hex("88"));
  ASSERT_TRUE(existing);
  EXPECT_FALSE(existing->is_key_frame);
}

TEST(Vp9FrameHeader, CutsAndLiesAreErrors) {
  const auto key = hex("824983420003f002f6");
  for (size_t size = 0; size < key.size(); ++size) {
    EXPECT_FALSE(vp9::FrameHeader::parse(Bytes(key).first(size))) << size;
  }
  EXPECT_FALSE(vp9::FrameHeader::parse(hex("024983420003f002f606"))) << "frame marker";
  EXPECT_FALSE(vp9::FrameHeader::parse(hex("824983430003f002f606"))) << "sync code";
  EXPECT_FALSE(vp9::FrameHeader::parse(hex("82498342e003f002f606"))) << "RGB in profile 0";
}

TEST(Vp9CodecConfiguration, TakesBothFormsOfTheRecord) {
  // As FFmpeg writes it to MP4, a full box, and as it writes it to FLV.
  for (const char* record : {"01000000 00 0a 82 020202 0000", "00 0a 82 020202 0000"}) {
    const auto made = vp9::make_track(CodecId::kVp9, hex(record));
    ASSERT_TRUE(made);
    EXPECT_EQ(to_hex((*made)->configuration->bytes()), "000a820202020000");
    EXPECT_EQ((*made)->video.level, 10U);
    EXPECT_EQ((*made)->video.width, 0U);
  }
  EXPECT_FALSE(vp9::make_track(CodecId::kVp9, hex("00 0a 82 020202 00")));
  EXPECT_FALSE(vp9::make_track(CodecId::kVp9, hex("00 0a 72 020202 0000")));
}

TEST(Vp9CodecConfiguration, FollowsFromAKeyFrame) {
  const auto key = vp9::FrameHeader::parse(hex("824983420003f002f606"));
  ASSERT_TRUE(key);
  const auto track = vp9::make_track(*key);
  EXPECT_EQ(to_hex(track->configuration->bytes()), "000a820202020000");
  EXPECT_EQ(track->video.width, 64U);
}

TEST(Vp8FrameHeader, ReadsKeyAndInterFrames) {
  // libvpx, 64x48.
  const auto key = vp8::FrameHeader::parse(hex("501a009d012a400030000047"));
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->is_key_frame);
  EXPECT_TRUE(key->show_frame);
  EXPECT_EQ(key->width, 64U);
  EXPECT_EQ(key->height, 48U);
  const auto inter = vp8::FrameHeader::parse(hex("1102000510ac"));
  ASSERT_TRUE(inter);
  EXPECT_FALSE(inter->is_key_frame);
  for (const char* cut : {"", "50", "501a009d01", "501a009d012a4000", "501a009d012b40003000"}) {
    EXPECT_FALSE(vp8::FrameHeader::parse(hex(cut))) << cut;
  }
}

}  // namespace
}  // namespace millrace
