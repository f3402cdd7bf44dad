#include <gtest/gtest.h>

#include <array>

#include "codecs/av1/codec_configuration.hpp"
#include "codecs/av1/obu.hpp"
#include "codecs/av1/sequence_header.hpp"
#include "codecs/av1/temporal_unit.hpp"
#include "codecs/testing/hex.hpp"

namespace millrace::av1 {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

// libaom, Main profile, 64x48, 8 bit. The whole OBU, and the record that FFmpeg makes of it.
constexpr const char* kSequenceHeaderObu = "0a0a 00000002aff79b5f2008";
constexpr const char* kAv1C = "81 00 0c 00 0a0a 00000002aff79b5f2008";

std::string types_of(const char* text) {
  const auto bytes = hex(text);
  ObuReader reader(bytes);
  std::string out;
  for (;;) {
    const auto obu = reader.next();
    if (!obu) {
      return out + "error@" + std::to_string(obu.error().detail);
    }
    if (!*obu) {
      return out;
    }
    out += std::to_string(static_cast<int>((*obu)->type)) + ":" + to_hex((*obu)->payload) + " ";
  }
}

TEST(Av1ObuReader, WalksObusWithinBounds) {
  const struct {
    const char* name;
    const char* bytes;
    const char* events;
  } cases[] = {
      {"nothing", "", ""},
      {"delimiter and padding", "1200 7a02ffff", "2: 15:ffff "},
      {"extension header", "36 28 01 10", "6:10 "},
      {"the last without size", "1200 30 1122", "2: 6:1122 "},
      {"size in two bytes", "32 8100 aa", "6:aa "},
      {"longer than the bytes", "1200 3203 aabb", "2: error@2"},
      {"size cut", "32 80", "error@0"},
      {"size of 9 bytes", "32 808080808080808000", "error@0"},
      {"size over 32 bits", "32 8080808010", "error@0"},
      {"extension cut", "36", "error@0"},
      {"forbidden bit", "b200", "error@0"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(types_of(test.bytes), test.events) << test.name;
  }
}

TEST(Av1ObuReader, GivesNothingAfterAnError) {
  const auto bytes = hex("3203aa");
  ObuReader reader(bytes);
  EXPECT_FALSE(reader.next());
  const auto after = reader.next();
  ASSERT_TRUE(after);
  EXPECT_FALSE(*after);
}

TEST(Av1SequenceHeader, ReadsARealOne) {
  const auto header = SequenceHeader::parse(hex("00000002aff79b5f2008"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->profile, 0);
  EXPECT_EQ(header->level_idx, 0);
  EXPECT_EQ(header->max_frame_width, 64U);
  EXPECT_EQ(header->max_frame_height, 48U);
  EXPECT_EQ(header->bit_depth, 8);
  EXPECT_FALSE(header->monochrome);
  EXPECT_TRUE(header->chroma_subsampling_x);
  EXPECT_TRUE(header->chroma_subsampling_y);
}

TEST(Av1SequenceHeader, CutsAreErrors) {
  const auto bytes = hex("00000002aff79b5f2008");
  for (size_t size = 0; size < 9; ++size) {
    EXPECT_FALSE(SequenceHeader::parse(Bytes(bytes).first(size))) << size;
  }
  EXPECT_FALSE(SequenceHeader::parse(hex("ff000002aff79b5f2008ffffffffffff")));
}

TEST(Av1CodecConfiguration, ParsesAndWritesBack) {
  const auto bytes = hex(kAv1C);
  const auto configuration = CodecConfiguration::parse(bytes);
  ASSERT_TRUE(configuration);
  std::vector<uint8_t> written(configuration->size());
  ByteWriter writer(written);
  configuration->write_to(writer);
  EXPECT_EQ(to_hex(writer.written()), to_hex(bytes));

  const auto other = hex("81 4d f3 1a");
  const auto all_fields = CodecConfiguration::parse(other);
  ASSERT_TRUE(all_fields);
  EXPECT_EQ(all_fields->profile, 2);
  EXPECT_EQ(all_fields->level_idx, 13);
  EXPECT_TRUE(all_fields->tier);
  EXPECT_EQ(all_fields->bit_depth, 12);
  EXPECT_TRUE(all_fields->monochrome);
  EXPECT_EQ(all_fields->initial_presentation_delay_minus_one, 10);
  std::vector<uint8_t> again(all_fields->size());
  ByteWriter again_writer(again);
  all_fields->write_to(again_writer);
  EXPECT_EQ(to_hex(again), to_hex(other));
}

TEST(Av1CodecConfiguration, MakesTracks) {
  const auto from_record = make_track(hex(kAv1C));
  ASSERT_TRUE(from_record);
  EXPECT_EQ((*from_record)->video.width, 64U);
  EXPECT_EQ((*from_record)->video.height, 48U);
  const auto from_stream = make_track_from_sequence_header(hex(kSequenceHeaderObu));
  ASSERT_TRUE(from_stream);
  EXPECT_EQ(to_hex((*from_stream)->configuration->bytes()), to_hex(hex(kAv1C)));

  const auto without_header = make_track(hex("81000c00"));
  ASSERT_TRUE(without_header);
  EXPECT_EQ((*without_header)->video.width, 0U);
  EXPECT_FALSE(make_track(hex("81000c")));
  EXPECT_FALSE(make_track(hex("01000c00")));
  EXPECT_FALSE(make_track_from_sequence_header(hex("1200")));
}

TEST(Av1TemporalUnit, FindsKeyFramesAndTakesDelimitersOut) {
  // Delimiter, sequence header, and a frame OBU cut to three bytes: key frame, shown.
  const auto key = hex("1200 0a0a00000002aff79b5f2008 3203 140402");
  const auto unit = TemporalUnit::inspect(key);
  ASSERT_TRUE(unit);
  EXPECT_TRUE(unit->has_sequence_header);
  EXPECT_TRUE(unit->has_frame);
  EXPECT_TRUE(unit->has_key_frame);
  EXPECT_EQ(unit->delimiter_bytes, 2U);
  EXPECT_EQ(to_hex(unit->sequence_header), to_hex(hex(kSequenceHeaderObu)));
  std::array<uint8_t, 17> room{};
  ByteWriter writer(room);
  copy_without_delimiters(key, writer);
  EXPECT_EQ(to_hex(writer.written()), to_hex(Bytes(key).subspan(2)));

  EXPECT_FALSE(TemporalUnit::inspect(hex("3203 340402"))->has_key_frame) << "inter frame";
  EXPECT_FALSE(TemporalUnit::inspect(hex("3203 040402"))->has_key_frame) << "not shown";
  EXPECT_FALSE(TemporalUnit::inspect(hex("1a01 80"))->has_key_frame) << "shows an existing frame";
  EXPECT_FALSE(TemporalUnit::inspect(hex("3200"))->has_key_frame) << "empty";
  EXPECT_FALSE(TemporalUnit::inspect(hex("3205 1404")));
}

}  // namespace
}  // namespace millrace::av1
