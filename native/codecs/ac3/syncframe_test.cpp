#include "codecs/ac3/syncframe.hpp"

#include <gtest/gtest.h>

#include "codecs/testing/hex.hpp"

namespace millrace::ac3 {
namespace {

using millrace::testing::hex;

TEST(Ac3Syncframe, ReadsBothGenerations) {
  // FFmpeg's encoders, 48 kHz mono.
  const auto ac3 = Syncframe::parse(hex("0b77480d0c402f842bc1c77a"));
  ASSERT_TRUE(ac3);
  EXPECT_EQ(ac3->codec, CodecId::kAc3);
  EXPECT_EQ(ac3->sample_rate, 48000U);
  EXPECT_EQ(ac3->channels, 1U);
  EXPECT_EQ(ac3->samples_per_frame, 1536U);
  const auto eac3 = Syncframe::parse(hex("0b7700bf3287c00021064060"));
  ASSERT_TRUE(eac3);
  EXPECT_EQ(eac3->codec, CodecId::kEac3);
  EXPECT_EQ(eac3->sample_rate, 48000U);
  EXPECT_EQ(eac3->channels, 1U);
  EXPECT_EQ(make_track(*eac3)->codec, CodecId::kEac3);
}

TEST(Ac3Syncframe, CutsAndReservedValuesAreErrors) {
  for (const char* bytes : {"", "0b77480d0c", "0b76480d0c402f84", "0b77480dcc402f84",
                            "0b7700bffe87c000", "0b77480d0cf82f84"}) {
    EXPECT_FALSE(Syncframe::parse(hex(bytes))) << bytes;
  }
}

}  // namespace
}  // namespace millrace::ac3
