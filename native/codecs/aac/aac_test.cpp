#include <gtest/gtest.h>

#include "codecs/aac/adts.hpp"
#include "codecs/aac/audio_specific_config.hpp"
#include "codecs/testing/hex.hpp"

namespace millrace::aac {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

struct Case {
  const char* name;
  const char* bytes;
  uint32_t object_type;
  uint32_t sample_rate;  // output
  uint32_t channels;     // output
  uint32_t samples_per_frame;
  uint32_t track_profile;
  bool writes_back;
};

constexpr Case kCases[] = {
    {"LC 44.1 kHz stereo", "1210", 2, 44100, 2, 1024, 2, true},
    {"LC 48 kHz mono", "1188", 2, 48000, 1, 1024, 2, true},
    {"FFmpeg: LC with sync extension that denies SBR", "121056e500", 2, 44100, 2, 1024, 2, false},
    {"LC with 960 samples", "1194", 2, 48000, 2, 960, 2, true},
    {"LC 5.1", "11b0", 2, 48000, 6, 1024, 2, true},
    {"LC 7.1", "11b8", 2, 48000, 8, 1024, 2, true},
    {"HE-AAC, explicit: 24 kHz core", "2b118800", 2, 48000, 2, 2048, 5, true},
    {"HE-AAC, backward compatible", "131056e598", 2, 48000, 2, 2048, 5, false},
    {"HE-AACv2, explicit", "eb098800", 2, 48000, 2, 2048, 29, true},
    {"HE-AACv2, backward compatible", "130856e59d4880", 2, 48000, 2, 2048, 29, false},
    {"LC with a rate outside the table, 43000 Hz", "17805 3fc10", 2, 43000, 2, 1024, 2, true},
    {"Main", "0a10", 1, 44100, 2, 1024, 1, true},
    // Configuration 0: the element lists one pair and one single channel in front.
    {"channels from a program_config_element", "1200 05 08 00 00 20 10", 2, 44100, 3, 1024, 2,
     false},
};

TEST(AacAudioSpecificConfig, ReadsAndWritesBack) {
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    const auto bytes = hex(test.bytes);
    const auto config = AudioSpecificConfig::parse(bytes);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->object_type, test.object_type);
    const auto made = make_track(bytes);
    ASSERT_TRUE(made);
    EXPECT_EQ((*made)->audio.sample_rate, test.sample_rate);
    EXPECT_EQ((*made)->audio.channels, test.channels);
    EXPECT_EQ((*made)->audio.samples_per_frame, test.samples_per_frame);
    EXPECT_EQ((*made)->audio.profile, test.track_profile);
    EXPECT_EQ(to_hex((*made)->configuration->bytes()), to_hex(bytes));
    if (test.writes_back) {
      std::vector<uint8_t> written(config->size());
      ByteWriter writer(written);
      config->write_to(writer);
      EXPECT_EQ(to_hex(writer.written()), to_hex(bytes));
    }
  }
}

TEST(AacAudioSpecificConfig, ReservedValuesAndCutsAreErrors) {
  for (const char* bytes : {"", "12", "1790",  // empty, cut, cut escape rate
                            "16 90",           // index 13
                            "1240", "1278",    // channel configurations 8 and 15
                            "0210",            // object type 0
                            "1200",            // configuration 0 without its element
                            "1780000010",      // a rate of 0
                            "2b16"}) {         // extension rate cut
    EXPECT_FALSE(AudioSpecificConfig::parse(hex(bytes))) << bytes;
    EXPECT_FALSE(make_track(hex(bytes))) << bytes;
  }
}

TEST(AacAdts, ReadsAndWritesBack) {
  // FFmpeg, AAC-LC 44.1 kHz mono; 0x1a = 26 bytes.
  const auto bytes = hex("fff15040035ffc");
  const auto header = AdtsHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->object_type, 2U);
  EXPECT_EQ(header->channel_configuration, 1U);
  EXPECT_EQ(header->header_size, 7U);
  EXPECT_EQ(header->frame_size, 26U);
  EXPECT_EQ(header->raw_data_blocks, 1U);
  const auto config = header->audio_specific_config();
  EXPECT_EQ(config.sampling_frequency, 44100U);

  const auto described = AdtsHeader::describe(config, 19);
  ASSERT_TRUE(described);
  std::vector<uint8_t> written(AdtsHeader::kSize);
  ByteWriter writer(written);
  described->write_to(writer);
  EXPECT_EQ(to_hex(writer.written()), to_hex(bytes));
}

TEST(AacAdts, CrcMakesTheHeaderLonger) {
  const auto header = AdtsHeader::parse(hex("fff05080035ffc"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->header_size, 9U);
}

TEST(AacAdts, WhatCannotBeIsAnError) {
  for (const char* bytes : {"", "fff15040035f", "fff35040035ffc",  // cut; layer 1
                            "ffe15040035ffc",                      // no syncword
                            "fff17440035ffc",                      // rate index 13
                            "fff15040001ffc",                      // length 0
                            "fff1504000fffc"}) {                   // no longer than its header
    EXPECT_FALSE(AdtsHeader::parse(hex(bytes))) << bytes;
  }
  AudioSpecificConfig config;
  config.sampling_frequency = 48000;
  config.channel_configuration = 2;
  EXPECT_TRUE(AdtsHeader::describe(config, 8184));
  EXPECT_FALSE(AdtsHeader::describe(config, 8185));
  config.sampling_frequency = 43000;
  EXPECT_FALSE(AdtsHeader::describe(config, 100));
}

}  // namespace
}  // namespace millrace::aac
