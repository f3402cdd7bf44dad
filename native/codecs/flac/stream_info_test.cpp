#include "codecs/flac/stream_info.hpp"

#include <gtest/gtest.h>

#include <string>

#include "codecs/testing/hex.hpp"

namespace millrace::flac {
namespace {

using millrace::testing::hex;

TEST(FlacStreamInfo, TakesTheBlockInAllThreeForms) {
  // FFmpeg, 44.1 kHz mono, 16 bit; the MD5 sum as zeros.
  const std::string block = "1200120000047e0004da0ac440f0000022740000000000000000000000000000 0000";
  for (const std::string& prefix :
       {std::string(), std::string("80000022"), std::string("664c614300000022")}) {
    const auto made = make_track(hex(prefix + block));
    ASSERT_TRUE(made) << prefix;
    EXPECT_EQ((*made)->audio.sample_rate, 44100U);
    EXPECT_EQ((*made)->audio.channels, 1U);
    EXPECT_EQ((*made)->audio.samples_per_frame, 4608U);
  }
  const auto bytes = hex(block);
  EXPECT_FALSE(make_track(Bytes(bytes).first(33)));
  EXPECT_FALSE(make_track(hex("664c614300000022")));
  EXPECT_FALSE(make_track(std::vector<uint8_t>(34))) << "a rate of 0";
}

}  // namespace
}  // namespace millrace::flac
