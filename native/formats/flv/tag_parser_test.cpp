#include "formats/flv/tag_parser.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "codecs/testing/hex.hpp"
#include "formats/flv/muxer.hpp"

namespace millrace::flv {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

constexpr const char* kStream =
    "464c5601 05 00000009 00000000"                 // file header, PreviousTagSize0
    "12 000004 000000 00 000000 02000161 0000000f"  // script
    "09 000002 ffffff 00 000000 5700 0000000d"      // video, the largest time of 24 bits
    "0b 000001 000000 00 000000 ff 0000000c"        // a type that nobody uses
    "28 000001 000000 00 000000 ff 0000000c"        // audio, encrypted
    "08 000000 000001 01 000000 0000000b"           // audio, empty, extended timestamp
    "08 000003 000002 01 000000 af0100 00000000";   // back pointer left 0

constexpr const char* kEvents = "18@0:02000161 9@16777215:5700 8@16777217: 8@16777218:af0100 ";

std::string drain(TagParser& parser) {
  std::string out;
  for (;;) {
    const auto tag = parser.poll();
    if (!tag) {
      return out + "error " + std::to_string(static_cast<int>(tag.error().code));
    }
    if (!*tag) {
      return out;
    }
    const Tag& found = **tag;
    out += std::to_string(static_cast<int>(found.type)) + "@" + std::to_string(found.timestamp_ms) +
           ":" + to_hex(found.body) + " ";
  }
}

std::string error_text(ErrorCode code) { return "error " + std::to_string(static_cast<int>(code)); }

TEST(FlvTagParser, GivesTheSameTagsForEveryCut) {
  const auto bytes = hex(kStream);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    TagParser parser(100);
    parser.feed(Bytes(bytes).first(cut));
    std::string events = drain(parser);
    parser.feed(Bytes(bytes).subspan(cut));
    events += drain(parser);
    EXPECT_EQ(events, kEvents) << cut;
    EXPECT_EQ(parser.skipped_tags(), 2U);
    ASSERT_TRUE(parser.file_header());
    EXPECT_TRUE(parser.file_header()->has_audio);
    EXPECT_TRUE(parser.file_header()->has_video);
  }
}

TEST(FlvTagParser, GivesTheSameTagsByteByByte) {
  TagParser parser(100);
  std::string events;
  for (const uint8_t byte : hex(kStream)) {
    parser.feed(Bytes(&byte, 1));
    events += drain(parser);
  }
  EXPECT_EQ(events, kEvents);
}

TEST(FlvTagParser, RefusesWhatIsNotFlv) {
  for (const char* bytes : {"47", "464c5602", "464c5601 05 0000000a", "464c5601 05 ffffffff"}) {
    TagParser parser(100);
    parser.feed(hex(bytes));
    EXPECT_EQ(drain(parser), error_text(ErrorCode::kFlvHeaderInvalid)) << bytes;
    parser.feed(hex(kStream));
    EXPECT_EQ(drain(parser), error_text(ErrorCode::kFlvHeaderInvalid)) << bytes;
  }
}

TEST(FlvTagParser, RefusesTagsOverTheLimitBeforeTheyArrive) {
  TagParser parser(3);
  parser.feed(hex("464c5601 05 00000009 00000000 09 000004 000000 00 000000"));
  EXPECT_EQ(drain(parser), error_text(ErrorCode::kFlvTagTooLarge));
}

TEST(FlvTagParser, RefusesAWrongBackPointer) {
  TagParser parser(100);
  parser.feed(hex("464c5601 05 00000009 00000000 09 000001 000000 00 000000 57 0000000d"));
  EXPECT_EQ(drain(parser), error_text(ErrorCode::kFlvBackPointerMismatch));
}

TEST(FlvMuxer, WritesWhatTheParserReads) {
  std::array<uint8_t, 64> room{};
  ByteWriter writer(room);
  FileHeader{.has_audio = false, .has_video = true}.write_to(writer);
  EXPECT_EQ(writer.size(), FileHeader::kSizeWithBackPointer);
  const size_t begin = writer.size();
  write_tag_header(TagType::kVideo, 2, 0xff000001, writer);
  writer.u16(0x5700);
  write_back_pointer(2, writer);
  EXPECT_EQ(writer.size() - begin, tag_size(2));
  TagParser parser(100);
  parser.feed(writer.written());
  EXPECT_EQ(drain(parser), "9@4278190081:5700 ");
  EXPECT_FALSE(parser.file_header()->has_audio);
  EXPECT_TRUE(parser.file_header()->has_video);
}

}  // namespace
}  // namespace millrace::flv
