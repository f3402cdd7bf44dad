#include "codecs/mp3/frame_header.hpp"

#include <gtest/gtest.h>

#include "codecs/testing/hex.hpp"

namespace millrace::mp3 {
namespace {

using millrace::testing::hex;

TEST(Mp3FrameHeader, ReadsEachVersionAndLayer) {
  const struct {
    const char* name;
    const char* bytes;
    uint32_t layer, bitrate, rate, channels, samples;
    size_t size;
  } cases[] = {
      {"MPEG-1 layer III 128 kbit/s 44.1 kHz", "fffb9064", 3, 128000, 44100, 2, 1152, 417},
      {"the same with padding", "fffb9264", 3, 128000, 44100, 2, 1152, 418},
      {"MPEG-1 layer III 64 kbit/s 48 kHz mono", "fffb54c4", 3, 64000, 48000, 1, 1152, 192},
      {"MPEG-2 layer III 64 kbit/s 22.05 kHz", "fff38064", 3, 64000, 22050, 2, 576, 208},
      {"MPEG-2.5 layer III 8 kbit/s 8 kHz", "ffe318c4", 3, 8000, 8000, 1, 576, 72},
      {"MPEG-1 layer II 192 kbit/s 48 kHz", "fffda404", 2, 192000, 48000, 2, 1152, 576},
      {"MPEG-1 layer I 32 kbit/s 32 kHz", "ffff1804", 1, 32000, 32000, 2, 384, 48},
      {"free format", "fffb0064", 3, 0, 44100, 2, 1152, 0},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    const auto header = FrameHeader::parse(hex(test.bytes));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->layer, test.layer);
    EXPECT_EQ(header->bitrate_bps, test.bitrate);
    EXPECT_EQ(header->sample_rate, test.rate);
    EXPECT_EQ(header->channels, test.channels);
    EXPECT_EQ(header->samples_per_frame, test.samples);
    EXPECT_EQ(header->frame_size, test.size);
  }
}

TEST(Mp3FrameHeader, ReservedValuesAreErrors) {
  for (const char* bytes :
       {"", "fffb90", "fefb9064", "ffeb9064", "fff99064", "fffbf064", "fffb9c64"}) {
    EXPECT_FALSE(FrameHeader::parse(hex(bytes))) << bytes;
  }
}

}  // namespace
}  // namespace millrace::mp3
