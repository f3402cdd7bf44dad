#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "protocols/rtmp/server_session.hpp"
#include "protocols/rtmp/testing/scripted_session.hpp"

namespace millrace::rtmp {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): of this module's tests

TEST(ServerSession, HostileAggregateWithLyingSizes) {
  ByteVector payload = flv_tag(9, 0, {0x17});
  ByteVector lie = flv_tag(8, 10, {0xaf});
  lie[1] = 0xff;
  payload.insert(payload.end(), lie.begin(), lie.end());
  Host host;
  Script script;
  script.connect().fmle("a").message(MessageType::kAggregate, 500, payload);
  script.message(MessageType::kAudio, 600, ByteVector{0xaf});
  host.feed(script.take());
  const Lines tail(host.events.end() - 2, host.events.end());
  EXPECT_EQ(tail, (Lines{"media 9 500 17 1", "media 8 600 af 1"}));
  EXPECT_EQ(host.session.malformed_aggregates(), 1U);
}

TEST(ServerSession, HostileAckWindowOf1MakesNoFlood) {
  for (const uint32_t window : {0U, 1U}) {
    Host host;
    Script script;
    script.connect();
    script.writer().window_acknowledgement_size(window);
    host.feed(script.take());
    const size_t before = host.output.size();
    const ByteVector audio = script.message(MessageType::kAudio, 0, ByteVector(2000)).take();
    for (const uint8_t byte : audio) {
      host.feed(Bytes(&byte, 1));
    }
    EXPECT_LE(host.output.size() - before, 16U);
  }
}

TEST(ServerSession, HostileMessagesBeforeConnectAreIgnored) {
  Host host;
  Script script;
  script.command("createStream", 1).command("publish", 2, "a").command("play", 3, "a");
  script.command("FCUnpublish", 4).command("deleteStream", 5).command("unheard", 6);
  script.message(MessageType::kAudio, 0, ByteVector(10)).message(MessageType::kDataAmf0, 0, {});
  script.message(MessageType::kAggregate, 0, ByteVector(10));
  script.message(static_cast<MessageType>(99), 0, ByteVector(10));
  host.feed(script.take());
  EXPECT_TRUE(host.events.empty());
  EXPECT_TRUE(host.sent().empty());
  EXPECT_EQ(host.session.ignored_messages(), 10U);
  EXPECT_EQ(host.error, ErrorCode::kNone);
}

TEST(ServerSession, HostileCommandsInOddOrderAndOfOddTypes) {
  Host host;
  Script script;
  script.connect().connect().command("pause", 2).command("receiveAudio", 3);
  script.command("closeStream", 0).command("FCUnpublish", 5, "a").command("_result", 1);
  script.command("onStatus", 0).command("", 6);
  script.command("publish", 7, [](Amf0Writer& amf) { amf.number(1).number(2).null(); });
  script.command("publish", 8, "b").command("play", 9, "c");
  script.command("play", 10, [](Amf0Writer& amf) { amf.null().boolean(false); });
  for (const double id : {std::nan(""), -1.0, std::numeric_limits<double>::infinity()}) {
    script.command("unheard", id);
  }
  ByteVector odd;
  Amf0Writer(odd).number(1).string("x");
  script.message(MessageType::kCommandAmf0, 0, odd).message(MessageType::kCommandAmf0, 0, {});
  host.feed(script.take());
  EXPECT_EQ(host.events, joined(kConnectEvents, {"publish  type= flash", "stop publish"}));
  EXPECT_EQ(host.error, ErrorCode::kNone);
}

TEST(ServerSession, HostileAmfEndsTheSession) {
  ByteVector deep;
  Amf0Writer amf(deep);
  amf.string("connect").number(1);
  for (int i = 0; i < 10000; ++i) {
    amf.begin_object().name("a");
  }
  Host host;
  host.feed(Script().message(MessageType::kCommandAmf0, 0, deep).take());
  EXPECT_EQ(host.error, ErrorCode::kAmfTooDeep);

  Host lying;
  lying.feed(
      Script()
          .message(MessageType::kCommandAmf0, 0, ByteVector{0x0a, 0xff, 0xff, 0xff, 0xff, 0x05})
          .take());
  EXPECT_EQ(lying.error, ErrorCode::kAmfTruncated);
}

TEST(ServerSession, HostileMetadataOf8MbIsRefused) {
  Host host;
  Script script;
  host.feed(script.connect().fmle("a").take());
  host.feed(script.message(MessageType::kDataAmf0, 0, ByteVector(8U << 20)).take());
  EXPECT_EQ(host.error, ErrorCode::kRtmpMetadataTooLarge);
}

TEST(ServerSession, HostileLongMessageBeforePublishIsRefused) {
  Host host;
  Script script;
  host.feed(script.connect().message(MessageType::kVideo, 0, ByteVector(70000)).take());
  EXPECT_EQ(host.error, ErrorCode::kRtmpMessageTooLarge);
}

TEST(ServerSession, HostileFloodOfCallsWithoutReadingAnswers) {
  ServerSession session({}, 1);
  Script script;
  script.connect();
  for (int i = 0; i < 20000; ++i) {
    script.command("unheard", 2);
  }
  const ByteVector bytes = script.take();
  session.feed(bytes);
  ASSERT_TRUE(session.poll().value());
  session.accept_connect(test_answer());
  const auto event = session.poll();
  ASSERT_FALSE(event.ok());
  EXPECT_EQ(event.error().code, ErrorCode::kSlowReader);
  EXPECT_LE(session.pending_output().size(), (256U << 10) + 100);
}

TEST(ServerSession, HostileGarbageInPlaceOfC0AndAfterTheHandshake) {
  Host host;
  host.feed(ByteVector(100, 0xa5));
  EXPECT_EQ(host.error, ErrorCode::kRtmpHandshakeVersion);
  Host late;
  ByteVector bytes = Script().take();
  bytes.insert(bytes.end(), 4096, 0xa5);
  late.feed(bytes);
  EXPECT_NE(late.error, ErrorCode::kNone);
}

}  // namespace
}  // namespace millrace::rtmp
