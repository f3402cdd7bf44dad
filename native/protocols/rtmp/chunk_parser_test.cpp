#include "protocols/rtmp/chunk_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "protocols/rtmp/chunk_writer.hpp"
#include "protocols/rtmp/media_chunks.hpp"

namespace millrace::rtmp {
namespace {

using ByteVector = std::vector<uint8_t>;

/// A message with its own copy of the payload.
struct Owned {
  uint32_t chunk_stream_id;
  MessageType type;
  uint32_t timestamp_ms;
  uint32_t stream_id;
  ByteVector payload;
  friend bool operator==(const Owned&, const Owned&) = default;
};

struct Drained {
  std::vector<Owned> messages;
  ErrorCode error = ErrorCode::kNone;
  friend bool operator==(const Drained&, const Drained&) = default;
};

void drain(ChunkParser& parser, Bytes bytes, Drained& out) {
  // Its own memory, so that a sanitizer sees whoever reads it after poll() has given nullopt.
  const ByteVector lent(bytes.begin(), bytes.end());
  parser.feed(lent);
  for (;;) {
    const auto message = parser.poll();
    if (!message.ok()) {
      out.error = message.error().code;
      return;
    }
    if (!message.value()) {
      return;
    }
    const Message& m = *message.value();
    out.messages.push_back({m.chunk_stream_id, m.type, m.timestamp_ms, m.stream_id,
                            ByteVector(m.payload.begin(), m.payload.end())});
  }
}

Drained parse_in_steps(Bytes bytes, size_t step, const ChunkLimits& limits = {}) {
  ChunkParser parser(limits);
  Drained out;
  for (size_t at = 0; at < bytes.size() && out.error == ErrorCode::kNone; at += step) {
    drain(parser, bytes.subspan(at, std::min(step, bytes.size() - at)), out);
  }
  return out;
}

Drained parse(Bytes bytes, const ChunkLimits& limits = {}) {
  return parse_in_steps(bytes, std::max<size_t>(bytes.size(), 1), limits);
}

ByteVector counting(size_t size, uint8_t from = 0) {
  ByteVector bytes(size);
  std::iota(bytes.begin(), bytes.end(), from);
  return bytes;
}

void append(ByteVector& to, const ByteVector& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// What each case gives whole, it must give at every cut and byte by byte.
void expect_at_every_cut(Bytes bytes, const Drained& expected) {
  EXPECT_EQ(parse(bytes), expected);
  EXPECT_EQ(parse_in_steps(bytes, 1), expected);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    ChunkParser parser;
    Drained out;
    drain(parser, bytes.first(cut), out);
    if (out.error == ErrorCode::kNone) {
      drain(parser, bytes.subspan(cut), out);
    }
    ASSERT_EQ(out, expected) << "cut at " << cut;
  }
}

constexpr auto kAudio = MessageType::kAudio;
constexpr auto kVideo = MessageType::kVideo;

struct Case {
  const char* name;
  ByteVector bytes;
  std::vector<Owned> messages;
};

std::vector<Case> good_cases() {
  std::vector<Case> cases;
  cases.push_back({"Rtmp10Type0",
                   {0x04, 0x00, 0x03, 0xe8, 0x00, 0x00, 0x03, 0x08, 0x01, 0x00, 0x00, 0x00,  //
                    0xaf, 0x01, 0x21},
                   {{4, kAudio, 1000, 1, {0xaf, 0x01, 0x21}}}});
  cases.push_back(
      {"Rtmp10Types0To3OnOneChunkStream",
       {0x04, 0x00, 0x03, 0xe8, 0x00, 0x00, 0x01, 0x08, 0x01, 0x00, 0x00, 0x00, 0xa0,  //
        0x44, 0x00, 0x00, 0x14, 0x00, 0x00, 0x02, 0x08, 0xa1, 0xa2,                    //
        0x84, 0x00, 0x00, 0x0a, 0xa3, 0xa4,                                            //
        0xc4, 0xa5, 0xa6},
       {{4, kAudio, 1000, 1, {0xa0}},
        {4, kAudio, 1020, 1, {0xa1, 0xa2}},
        {4, kAudio, 1030, 1, {0xa3, 0xa4}},
        {4, kAudio, 1040, 1, {0xa5, 0xa6}}}});
  // RTMP 1.0 §5.3.1.2.4: after a type 0 chunk the delta of a type 3 chunk is that chunk's
  // timestamp.
  cases.push_back(
      {"Rtmp10Type3AfterType0RepeatsItsTimestampAsDelta",
       {0x04, 0x00, 0x00, 0x64, 0x00, 0x00, 0x01, 0x08, 0x01, 0x00, 0x00, 0x00, 0xa0, 0xc4, 0xa1},
       {{4, kAudio, 100, 1, {0xa0}}, {4, kAudio, 200, 1, {0xa1}}}});
  cases.push_back({"EmptyMessage",
                   {0x04, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x09, 0x01, 0x00, 0x00, 0x00},
                   {{4, kVideo, 1, 1, {}}}});
  cases.push_back(
      {"BasicHeaderOfTwoBytes",
       {0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x08, 0x01, 0x00, 0x00, 0x00, 0xaa},
       {{64, kAudio, 1, 1, {0xaa}}}});
  cases.push_back(
      {"BasicHeaderOfThreeBytes",
       {0x01, 0xff, 0xff, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x08, 0x01, 0x00, 0x00, 0x00, 0xaa},
       {{65599, kAudio, 1, 1, {0xaa}}}});
  // librtmp begins a ping with a type 1 chunk on chunk stream 2.
  cases.push_back(
      {"LibrtmpPingBeginsWithType1",
       {0x42, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x04, 0x00, 0x06, 0x00, 0x00, 0x00, 0x0d},
       {{2, MessageType::kUserControl, 0, 0, {0x00, 0x06, 0x00, 0x00, 0x00, 0x0d}}}});
  {
    Case c{"TwoMessagesInterleaved", {}, {}};
    const ByteVector video = counting(200);
    append(c.bytes, {0x06, 0x00, 0x00, 0x28, 0x00, 0x00, 0xc8, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, ByteVector(video.begin(), video.begin() + 128));
    append(c.bytes, {0x07, 0x00, 0x00, 0x2a, 0x00, 0x00, 0x02, 0x08, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, {0xaf, 0x01});
    append(c.bytes, {0xc6});
    append(c.bytes, ByteVector(video.begin() + 128, video.end()));
    c.messages = {{7, kAudio, 42, 1, {0xaf, 0x01}}, {6, kVideo, 40, 1, video}};
    cases.push_back(c);
  }
  // §5.3.1.2.4 says "should" of type 3: the rest of a message may come in type 1 and 2 chunks.
  {
    Case c{"RestOfMessageInTypes1And2", {}, {}};
    const ByteVector video = counting(129 + 128);
    append(c.bytes, {0x06, 0x00, 0x00, 0x28, 0x00, 0x01, 0x01, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, ByteVector(video.begin(), video.begin() + 128));
    append(c.bytes, {0x46, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x09});
    append(c.bytes, ByteVector(video.begin() + 128, video.begin() + 256));
    append(c.bytes, {0x86, 0x00, 0x00, 0x00});
    append(c.bytes, ByteVector(video.begin() + 256, video.end()));
    c.messages = {{6, kVideo, 40, 1, video}};
    cases.push_back(c);
  }
  {
    Case c{"SetChunkSizeCountsFromTheNextChunk", {}, {}};
    const ByteVector video = counting(140);
    append(c.bytes, {0x06, 0x00, 0x00, 0x28, 0x00, 0x00, 0x8c, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, ByteVector(video.begin(), video.begin() + 128));
    append(c.bytes, {0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00});
    append(c.bytes, {0x00, 0x00, 0x00, 0x08});
    append(c.bytes, {0xc6});
    append(c.bytes, ByteVector(video.begin() + 128, video.begin() + 136));
    append(c.bytes, {0xc6});
    append(c.bytes, ByteVector(video.begin() + 136, video.end()));
    c.messages = {{6, kVideo, 40, 1, video}};
    cases.push_back(c);
  }
  {
    Case c{"AbortDropsTheUnfinishedMessage", {}, {}};
    append(c.bytes, {0x06, 0x00, 0x00, 0x28, 0x00, 0x00, 0x8c, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, counting(128));
    append(c.bytes, {0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00});
    append(c.bytes, {0x00, 0x00, 0x00, 0x06});
    append(c.bytes, {0x46, 0x00, 0x00, 0x02, 0x00, 0x00, 0x01, 0x09, 0x77});
    c.messages = {{6, kVideo, 42, 1, {0x77}}};
    cases.push_back(c);
  }
  cases.push_back({"AbortOfNothing",
                   {0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00,  //
                    0x00, 0x00, 0x00, 0x09},
                   {}});
  const ByteVector body = counting(130, 1);
  const ByteVector head(body.begin(), body.begin() + 128);
  const ByteVector tail(body.begin() + 128, body.end());
  {
    Case c{"ExtendedTimestampRepeatedOnType3", {}, {}};
    append(c.bytes, {0x06, 0xff, 0xff, 0xff, 0x00, 0x00, 0x82, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, {0x01, 0x00, 0x00, 0x00});
    append(c.bytes, head);
    append(c.bytes, {0xc6, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, tail);
    append(c.bytes, {0x46, 0x00, 0x00, 0x28, 0x00, 0x00, 0x01, 0x09, 0x99});
    c.messages = {{6, kVideo, 0x01000000, 1, body}, {6, kVideo, 0x01000028, 1, {0x99}}};
    cases.push_back(c);
  }
  {
    Case c{"ExtendedTimestampLeftOutOnType3", {}, {}};
    append(c.bytes, {0x06, 0xff, 0xff, 0xff, 0x00, 0x00, 0x82, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, {0xff, 0xff, 0xff, 0xfe});
    append(c.bytes, head);
    append(c.bytes, {0xc6});
    append(c.bytes, tail);
    append(c.bytes, {0x46, 0x00, 0x00, 0x03, 0x00, 0x00, 0x01, 0x09, 0x99});
    c.messages = {{6, kVideo, 0xfffffffe, 1, body}, {6, kVideo, 1, 1, {0x99}}};  // wraps
    cases.push_back(c);
  }
  {
    // The payload begins as the timestamp does, and differs at its last byte.
    Case c{"ExtendedTimestampLeftOutAndAlmostEqual", {}, {}};
    ByteVector video = counting(132);
    std::copy_n(ByteVector{0x01, 0x02, 0x03, 0x05}.begin(), 4, video.begin() + 128);
    append(c.bytes, {0x06, 0xff, 0xff, 0xff, 0x00, 0x00, 0x84, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, {0x01, 0x02, 0x03, 0x04});
    append(c.bytes, ByteVector(video.begin(), video.begin() + 128));
    append(c.bytes, {0xc6});
    append(c.bytes, ByteVector(video.begin() + 128, video.end()));
    append(c.bytes, {0x46, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x09, 0x99});
    c.messages = {{6, kVideo, 0x01020304, 1, video}, {6, kVideo, 0x01020305, 1, {0x99}}};
    cases.push_back(c);
  }
  {
    // One byte of payload, which begins like the timestamp: the next chunk's header decides.
    Case c{"ExtendedTimestampLeftOutBeforeOneEqualByte", {}, {}};
    ByteVector video = counting(129);
    video[128] = 0x01;
    append(c.bytes, {0x06, 0xff, 0xff, 0xff, 0x00, 0x00, 0x81, 0x09, 0x01, 0x00, 0x00, 0x00});
    append(c.bytes, {0x01, 0x02, 0x03, 0x04});
    append(c.bytes, ByteVector(video.begin(), video.begin() + 128));
    append(c.bytes, {0xc6, 0x01});
    append(c.bytes, {0x46, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x09, 0x99});
    c.messages = {{6, kVideo, 0x01020304, 1, video}, {6, kVideo, 0x01020305, 1, {0x99}}};
    cases.push_back(c);
  }
  {
    Case c{"ExtendedDeltaRepeatedAsAbsoluteTime", {}, {}};
    append(c.bytes, {0x06, 0x00, 0x00, 0x10, 0x00, 0x00, 0x01, 0x09, 0x01, 0x00, 0x00, 0x00, 0x55});
    append(c.bytes, {0x46, 0xff, 0xff, 0xff, 0x00, 0x00, 0x82, 0x09, 0x02, 0x00, 0x00, 0x00});
    append(c.bytes, head);
    append(c.bytes, {0xc6, 0x02, 0x00, 0x00, 0x10});
    append(c.bytes, tail);
    c.messages = {{6, kVideo, 0x10, 1, {0x55}}, {6, kVideo, 0x02000010, 1, body}};
    cases.push_back(c);
  }
  return cases;
}

TEST(ChunkParser, GivesTheSameMessagesAtEveryCut) {
  for (const Case& c : good_cases()) {
    SCOPED_TRACE(c.name);
    expect_at_every_cut(c.bytes, {c.messages, ErrorCode::kNone});
  }
}

struct BadCase {
  const char* name;
  ByteVector bytes;
  ErrorCode error;
};

ByteVector set_chunk_size(uint32_t size) {
  ByteVector bytes = {0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<uint8_t>(size >> shift));
  }
  return bytes;
}

TEST(ChunkParser, RefusesWhatIsMalformed) {
  ByteVector type_0_inside = {0x06, 0, 0, 0, 0, 0, 0x8c, 9, 1, 0, 0, 0};
  append(type_0_inside, counting(128));
  ByteVector other_length_inside = type_0_inside;
  append(type_0_inside, {0x06, 0, 0, 0, 0, 0, 0x8c, 9, 1, 0, 0, 0});
  append(other_length_inside, {0x46, 0, 0, 0, 0, 0, 0x8d, 9});
  const std::vector<BadCase> cases = {
      {"Type2OnAFreshChunkStream", {0x84, 0, 0, 0}, ErrorCode::kRtmpChunkMalformed},
      {"Type3OnAFreshChunkStream", {0xc4}, ErrorCode::kRtmpChunkMalformed},
      {"Type0InsideAMessage", type_0_inside, ErrorCode::kRtmpChunkMalformed},
      {"OtherLengthInsideAMessage", other_length_inside, ErrorCode::kRtmpChunkMalformed},
      {"ChunkSize0", set_chunk_size(0), ErrorCode::kRtmpChunkSizeInvalid},
      {"ChunkSizeOver24Bits", set_chunk_size(0x1000000), ErrorCode::kRtmpChunkSizeInvalid},
      {"ChunkSize31Bits", set_chunk_size(0x7fffffff), ErrorCode::kRtmpChunkSizeInvalid},
      {"ChunkSizeTopBit", set_chunk_size(0x80000080), ErrorCode::kRtmpChunkSizeInvalid},
      {"ChunkSizeCut",
       {0x02, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 1},
       ErrorCode::kRtmpMessageMalformed},
      {"AbortCut", {0x02, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 6}, ErrorCode::kRtmpMessageMalformed},
      {"MetadataOf8MB",
       {0x04, 0, 0, 0, 0x80, 0, 0, 18, 1, 0, 0, 0},
       ErrorCode::kRtmpMetadataTooLarge},
      {"CommandOf8MB",
       {0x04, 0, 0, 0, 0x80, 0, 0, 20, 1, 0, 0, 0},
       ErrorCode::kRtmpMessageTooLarge},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.name);
    expect_at_every_cut(c.bytes, {{}, c.error});
  }
}

TEST(ChunkParser, ChunkSizesOf1AndOf24BitsAreTaken) {
  for (const uint32_t size : {1U, kMaxChunkSize}) {
    ByteVector bytes = set_chunk_size(size);
    append(bytes, {0x04, 0, 0, 1, 0, 0, 2, 8, 1, 0, 0, 0, 0xaa});
    if (size == 1) {
      bytes.push_back(0xc4);
    }
    bytes.push_back(0xbb);
    expect_at_every_cut(bytes, {{{4, kAudio, 1, 1, {0xaa, 0xbb}}}, ErrorCode::kNone});
  }
}

TEST(ChunkParser, ErrorsComeAgain) {
  ChunkParser parser;
  const ByteVector bytes = {0xc4};
  parser.feed(bytes);
  EXPECT_EQ(parser.poll().error().code, ErrorCode::kRtmpChunkMalformed);
  EXPECT_EQ(parser.poll().error().code, ErrorCode::kRtmpChunkMalformed);
}

TEST(ChunkParser, MessageOverTheLimitIsRefusedAtItsHeader) {
  const ChunkLimits limits{.max_message_bytes = 1000};
  EXPECT_EQ(parse(ByteVector{0x06, 0, 0, 0, 0, 0x03, 0xe9, 9, 1, 0, 0, 0}, limits).error,
            ErrorCode::kRtmpMessageTooLarge);
  EXPECT_EQ(parse(ByteVector{0x06, 0, 0, 0, 0, 0x03, 0xe8, 9, 1, 0, 0, 0}, limits).error,
            ErrorCode::kNone);
}

TEST(ChunkParser, ChunkStreamsOverTheLimitAreRefused) {
  ByteVector bytes;
  for (uint8_t id = 0; id < 65; ++id) {
    append(bytes, {0x00, id, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0});
  }
  const Drained out = parse(bytes);
  EXPECT_EQ(out.messages.size(), 64U);
  EXPECT_EQ(out.error, ErrorCode::kRtmpChunkStreamsTooMany);
}

TEST(ChunkParser, MemoryGrowsWithWhatCameNotWithWhatWasDeclared) {
  ChunkParser parser;
  Drained out;
  for (uint8_t id = 0; id < 64; ++id) {  // 64 messages of 16 MB, of which one byte comes
    drain(parser, ByteVector{0x00, id, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0, 0x17}, out);
    drain(parser, ByteVector(127), out);
  }
  EXPECT_EQ(out.error, ErrorCode::kNone);
  EXPECT_LE(parser.held_bytes(), 64U * 256U);
}

TEST(ChunkParser, UnfinishedBytesOverTheBudgetAreRefused) {
  const ChunkLimits limits{.max_unfinished_bytes = 64U << 10};
  ChunkParser parser(limits);
  Drained out;
  drain(parser, set_chunk_size(1000), out);
  size_t sent = 0;
  for (uint8_t id = 0; out.error == ErrorCode::kNone && id < 200; ++id) {
    drain(parser,
          ByteVector{static_cast<uint8_t>(id < 32 ? 0 : 0xc0), static_cast<uint8_t>(id % 32)}, out);
    if (id < 32) {
      drain(parser, ByteVector{0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0}, out);
    }
    drain(parser, ByteVector(1000), out);
    sent += 1000;
  }
  EXPECT_EQ(out.error, ErrorCode::kRtmpUnfinishedTooLarge);
  EXPECT_LE(sent, (64U << 10) + 2000U);
  EXPECT_LE(parser.held_bytes(), 2 * (64U << 10));
}

TEST(ChunkParser, FinishedMessagesGiveTheirMemoryBack) {
  ChunkParser parser;
  Drained out;
  const ByteVector body(4U << 20);
  for (uint8_t id = 0; id < 16; ++id) {
    ByteVector bytes;
    ChunkWriter writer(bytes);
    writer.message({.chunk_stream_id = 64U + id, .type = kVideo, .stream_id = 1}, body);
    drain(parser, bytes, out);
  }
  EXPECT_EQ(out.messages.size(), 16U);
  EXPECT_LE(parser.held_bytes(), size_t{512} << 10);
}

TEST(ChunkParser, WholeMessageIsHandedOutWhereItLies) {
  const ByteVector bytes = {0x04, 0, 0, 1, 0, 0, 2, 8, 1, 0, 0, 0, 0xaf, 0x01};
  ChunkParser parser;
  parser.feed(bytes);
  const auto message = parser.poll();
  ASSERT_TRUE(message.ok() && message.value());
  EXPECT_EQ(message.value()->payload.data(), bytes.data() + 12);
  EXPECT_EQ(parser.held_bytes(), 0U);
}

TEST(ChunkParser, NoMemoryIsTakenPerMessageOnceItRuns) {
  ByteVector bytes;
  ChunkWriter writer(bytes);
  const ByteVector body = counting(5000);
  writer.message({.chunk_stream_id = 6, .type = kVideo, .stream_id = 1}, body);
  ChunkParser parser;
  Drained out;
  drain(parser, bytes, out);
  const size_t held = parser.held_bytes();
  for (int i = 0; i < 100; ++i) {
    drain(parser, bytes, out);
  }
  EXPECT_EQ(parser.held_bytes(), held);
}

TEST(ChunkParser, UnreadBytesCanBeTakenBackAndFedAgain) {
  const ByteVector two = {0x04, 0,    0,    1, 0, 0, 1, 8, 1, 0, 0,
                          0,    0xaa, 0x44, 0, 0, 1, 0, 0, 1, 8, 0xbb};
  ChunkParser parser;
  parser.feed(two);
  ASSERT_TRUE(parser.poll().value());
  const Bytes unread = parser.take_unread();
  const ByteVector kept(unread.begin(), unread.end());
  EXPECT_FALSE(parser.poll().value());
  parser.feed(kept);
  const auto message = parser.poll();
  ASSERT_TRUE(message.value());
  EXPECT_EQ(message.value()->payload[0], 0xbb);
}

struct Written {
  uint32_t id;
  uint32_t timestamp_ms;
  size_t size;
};

TEST(ChunkWriter, WhatIsWrittenParsesBackAndHasTheSizeSaid) {
  for (const uint32_t chunk_size : {1U, 2U, 128U, 4096U, 60000U, kMaxChunkSize}) {
    for (const Written& w : std::vector<Written>{{2, 0, 0},
                                                 {63, 1, 1},
                                                 {64, 0xfffffe, 127},
                                                 {319, 0xffffff, 128},
                                                 {320, 0x1000000, 129},
                                                 {65599, 0xffffffff, 1000}}) {
      ByteVector bytes;
      ChunkWriter writer(bytes);
      writer.set_chunk_size(chunk_size);
      const size_t before = bytes.size();
      const ByteVector body = counting(w.size);
      writer.message({w.id, kVideo, w.timestamp_ms, 1}, body);
      EXPECT_EQ(bytes.size() - before, absolute_size(w.id, w.timestamp_ms, chunk_size, w.size));
      const Drained expected{{{w.id, kVideo, w.timestamp_ms, 1, body}}, ErrorCode::kNone};
      EXPECT_EQ(parse(bytes), expected);
      EXPECT_EQ(parse_in_steps(bytes, 1), expected);
    }
  }
}

TEST(MediaChunks, PiecesAndDeltasParseBack) {
  ByteVector bytes;
  const auto append_bytes = [&bytes](Bytes more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  const ByteVector tag = {0x17, 0x01, 0x00, 0x00, 0x00};
  const ByteVector data = counting(300);
  const std::array<Bytes, 3> payload = {Bytes(tag), Bytes{}, Bytes(data)};
  write_absolute({kVideoChunkStream, kVideo, 0x1000000, 1}, kDefaultChunkSize, payload,
                 append_bytes);
  const size_t absolute = bytes.size();
  write_delta(kVideoChunkStream, kVideo, 40, kDefaultChunkSize, payload, append_bytes);
  EXPECT_EQ(absolute, absolute_size(kVideoChunkStream, 0x1000000, kDefaultChunkSize, 305));
  EXPECT_EQ(bytes.size() - absolute, delta_size(kVideoChunkStream, kDefaultChunkSize, 305));
  ByteVector whole = tag;
  append(whole, data);
  expect_at_every_cut(bytes, {{{kVideoChunkStream, kVideo, 0x1000000, 1, whole},
                               {kVideoChunkStream, kVideo, 0x1000028, 1, whole}},
                              ErrorCode::kNone});
}

}  // namespace
}  // namespace millrace::rtmp
