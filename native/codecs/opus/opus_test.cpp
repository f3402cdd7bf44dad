#include <gtest/gtest.h>

#include "codecs/opus/identification_header.hpp"
#include "codecs/opus/packet.hpp"
#include "codecs/testing/hex.hpp"

namespace millrace::opus {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

constexpr const char* kStereo = "4f70757348656164 01 02 3801 80bb0000 0000 00";
constexpr const char* kSurround = "4f70757348656164 01 06 3801 80bb0000 0000 01 04 02 000401020305";

TEST(OpusIdentificationHeader, ParsesAndWritesBack) {
  for (const char* text : {kStereo, kSurround}) {
    const auto bytes = hex(text);
    const auto header = IdentificationHeader::parse(bytes);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->pre_skip, 312);
    EXPECT_EQ(header->input_sample_rate, 48000U);
    std::vector<uint8_t> written(header->size());
    ByteWriter writer(written);
    header->write_to(writer);
    EXPECT_EQ(to_hex(writer.written()), to_hex(bytes));
  }
}

TEST(OpusIdentificationHeader, CutsAndLiesAreErrors) {
  for (const char* text : {kStereo, kSurround}) {
    const auto bytes = hex(text);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(make_track(Bytes(bytes).first(size))) << size;
    }
  }
  EXPECT_FALSE(make_track(hex("4f70757348656164 10 02 3801 80bb0000 0000 00"))) << "version 16";
  EXPECT_FALSE(make_track(hex("4f70757348656164 01 00 3801 80bb0000 0000 00"))) << "no channel";
  EXPECT_FALSE(make_track(hex("4f70757348656164 01 03 3801 80bb0000 0000 00"))) << "3 in family 0";
}

TEST(OpusIdentificationHeader, MakesTracks) {
  const auto from_header = make_track(hex(kSurround));
  ASSERT_TRUE(from_header);
  EXPECT_EQ((*from_header)->audio.sample_rate, 48000U);
  EXPECT_EQ((*from_header)->audio.channels, 6U);
  const auto from_channels = make_track(uint8_t{1});
  EXPECT_EQ(from_channels->audio.channels, 1U);
  EXPECT_TRUE(IdentificationHeader::parse(from_channels->configuration->bytes()));
  EXPECT_TRUE(is_comment_header(hex("4f70757354616773 00000000")));
  EXPECT_FALSE(is_comment_header(hex(kStereo)));
}

TEST(OpusPacket, DurationFollowsFromTheTocByte) {
  const struct {
    const char* packet;
    uint32_t samples;
  } cases[] = {
      {"fc", 960},     // CELT, 20 ms, one frame: what WebRTC sends
      {"e0", 120},     // CELT, 2.5 ms
      {"18", 2880},    // SILK, 60 ms
      {"79", 1920},    // hybrid, 20 ms, two frames
      {"fb06", 5760},  // CELT, 20 ms, six frames: the longest
      {"0301", 480},   // SILK, 10 ms, code 3 with one frame
  };
  for (const auto& test : cases) {
    const auto duration = packet_duration(hex(test.packet));
    ASSERT_TRUE(duration) << test.packet;
    EXPECT_EQ(*duration, test.samples) << test.packet;
  }
  for (const char* packet : {"", "03", "0300", "fb07", "1b03"}) {
    EXPECT_FALSE(packet_duration(hex(packet))) << packet;
  }
}

}  // namespace
}  // namespace millrace::opus
