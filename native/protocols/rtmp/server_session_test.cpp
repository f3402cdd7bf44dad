#include "protocols/rtmp/server_session.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "protocols/rtmp/testing/scripted_session.hpp"

namespace millrace::rtmp {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): of this module's tests

TEST(ServerSession, FmlePublisher) {
  Host host;
  host.feed(publisher());
  EXPECT_EQ(host.events, kPublisherEvents);
  EXPECT_EQ(host.sent(), kPublisherAnswers);
  EXPECT_EQ(host.error, ErrorCode::kNone);
}

TEST(ServerSession, SameAtEveryCutAndByteByByte) {
  const ByteVector bytes = publisher();
  Host whole;
  whole.feed(bytes);
  Host bytewise;
  for (const uint8_t byte : bytes) {
    bytewise.feed(Bytes(&byte, 1));
  }
  EXPECT_EQ(bytewise.events, kPublisherEvents);
  EXPECT_EQ(bytewise.output, whole.output);
  for (size_t cut = 2 * kHandshakeBytes - 2; cut <= bytes.size(); ++cut) {
    Host host;
    host.feed(Bytes(bytes).first(cut));
    host.feed(Bytes(bytes).subspan(cut));
    ASSERT_EQ(host.events, kPublisherEvents) << "cut at " << cut;
    ASSERT_EQ(host.output, whole.output) << "cut at " << cut;
  }
}

TEST(ServerSession, SameWhenDecisionsComeLate) {
  const ByteVector bytes = publisher();
  for (size_t step : {size_t{1}, size_t{100}, bytes.size()}) {
    Host host;
    for (size_t at = 0; at < bytes.size(); at += step) {
      host.feed(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at)), true);
    }
    EXPECT_EQ(host.events, kConnectEvents);
    while (host.session.awaits_decision()) {
      host.decide();
      host.drain(true);
    }
    EXPECT_EQ(host.events, kPublisherEvents);
  }
}

TEST(ServerSession, BacklogWhileADecisionIsAwaitedIsBounded) {
  Host host({.max_backlog_bytes = 1000});
  host.feed(Script().connect().take(), true);
  for (int i = 0; i < 20 && host.error == ErrorCode::kNone; ++i) {
    host.feed(ByteVector(100), true);
  }
  EXPECT_EQ(host.error, ErrorCode::kQueueFull);
  host.session.accept_connect(test_answer());  // comes too late, and is no harm
  EXPECT_FALSE(host.session.poll().ok());
}

TEST(ServerSession, ConnectAnswerHasTheFieldsOfSrs) {
  Host host;
  host.feed(Script().connect().take());
  EXPECT_EQ(host.sent(), kConnectAnswers);
  const Command result = host.sent_command("_result");
  EXPECT_EQ(result.transaction_id, 1);
  EXPECT_EQ(result.object.text_of("fmsVer"), "FMS/3,5,3,888");
  EXPECT_EQ(result.object.number_of("capabilities"), 127);
  EXPECT_EQ(result.object.number_of("mode"), 1);
  ASSERT_NE(result.object.find("fourCcList"), nullptr);
  ASSERT_NE(result.object.find("videoFourCcInfoMap"), nullptr);
  EXPECT_EQ(result.object.find("videoFourCcInfoMap")->number_of("hvc1"), 4);
  const AmfValue& info = result.argument(0);
  EXPECT_EQ(info.text_of("level"), "status");
  EXPECT_EQ(info.text_of("description"), "Connection succeeded");
  EXPECT_EQ(info.number_of("objectEncoding"), 3);
  const AmfValue* data = info.find("data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->text_of("version"), "3,5,3,888");
  EXPECT_EQ(data->text_of("srs_sig"), "SRS");
  EXPECT_EQ(data->text_of("srs_server"), "SRS/7.0.18(Kai)");
  EXPECT_EQ(data->number_of("srs_pid"), 77);
  EXPECT_EQ(data->text_of("srs_id"), "abc12345");
}

TEST(ServerSession, FlashAndHaivisionPublishers) {
  Host flash;
  flash.feed(Script().connect().command("createStream", 2).command("publish", 3, "a").take());
  EXPECT_EQ(flash.events.back(), "publish a type= flash");
  EXPECT_EQ(flash.sent().back(), "onStatus NetStream.Publish.Start");
  EXPECT_EQ(flash.sent_command("onFCPublish").name, "");
  Host haivision;
  Script script;
  script.connect()
      .command("createStream", 2)
      .command("FCPublish", 3, "a")
      .command("publish", 4, "a");
  haivision.feed(script.take());
  EXPECT_EQ(haivision.events.back(), "publish a type= haivision");
  EXPECT_EQ(haivision.sent_command("onFCPublish").name, "onFCPublish");
}

TEST(ServerSession, PublisherMayPublishAgain) {
  Host host;
  Script script;
  script.connect().fmle("a").command("FCUnpublish", 6, "a").fmle("b");
  script.message(MessageType::kAudio, 5, ByteVector{0xaf});
  host.feed(script.take());
  EXPECT_EQ(host.events, joined(kConnectEvents, {"publish a type= fmle", "stop publish",
                                                 "publish b type= fmle", "media 8 5 af 1"}));
}

TEST(ServerSession, Player) {
  Host host;
  Script script;
  script.connect().command("createStream", 2).command("getStreamLength", 3, "a");
  script.command("play", 4, [](Amf0Writer& amf) {
    amf.null().string("a?x=1").number(-2).number(5000).boolean(true);
  });
  script.command("pause", 5, [](Amf0Writer& amf) { amf.null().boolean(true).number(1234); });
  script.command("pause", 6, [](Amf0Writer& amf) { amf.null().boolean(false).number(1234); });
  script.command("receiveAudio", 0, [](Amf0Writer& amf) { amf.null().boolean(false); });
  script.command("receiveVideo", 0, [](Amf0Writer& amf) { amf.null().boolean(true); });
  script.command("seek", 0, [](Amf0Writer& amf) { amf.null().number(1000); });
  script.command("closeStream", 0).command("play", 7, "b").command("play", 8, "c");
  script.command("deleteStream", 9).command("close", 0);
  host.feed(script.take());
  EXPECT_EQ(host.events, joined(kConnectEvents,
                                {"play a?x=1 duration=5000 reset", "pause", "unpause", "audio off",
                                 "video on", "stop play", "play b duration=-1 reset", "stop play",
                                 "play c duration=-1 reset", "stop play", "closing"}));
  const Lines sent = host.sent();
  const Lines start(sent.begin() + 6, sent.begin() + 14);
  EXPECT_EQ(start,
            (Lines{"control 0", "onStatus NetStream.Play.Reset", "onStatus NetStream.Play.Start",
                   "type 18", "onStatus NetStream.Pause.Notify", "control 1",
                   "onStatus NetStream.Unpause.Notify", "control 0"}));
  EXPECT_EQ(host.error, ErrorCode::kNone);
}

TEST(ServerSession, RejectionsSayWhy) {
  Host host;
  host.feed(Script().connect().take(), true);
  host.session.reject_connect("no such vhost");
  host.drain(true);
  EXPECT_EQ(host.sent(), Lines{"_error NetConnection.Connect.Rejected"});

  const auto rejected = [](ErrorCode reason, bool publish) {
    Host peer;
    Script script;
    peer.feed(script.connect().take());
    peer.feed(script.command(publish ? "publish" : "play", 2, "a").take(), true);
    if (publish) {
      peer.session.reject_publish(reason);
    } else {
      peer.session.reject_play(reason);
    }
    peer.drain(true);
    return peer.sent().back();
  };
  EXPECT_EQ(rejected(ErrorCode::kStreamBusy, true), "onStatus NetStream.Publish.BadName");
  EXPECT_EQ(rejected(ErrorCode::kSecurityDenied, true), "onStatus NetStream.Publish.Rejected");
  EXPECT_EQ(rejected(ErrorCode::kStreamNotFound, false), "onStatus NetStream.Play.StreamNotFound");
  EXPECT_EQ(rejected(ErrorCode::kSecurityDenied, false), "onStatus NetStream.Play.Failed");
}

TEST(ServerSession, StreamEndsFromThisSide) {
  Host player;
  player.feed(Script().connect().command("play", 2, "a").take());
  player.session.notify_play_stopped(ServerSession::PlayEnd::kUnpublished);
  player.drain();
  EXPECT_EQ(player.sent().back(), "onStatus NetStream.Play.UnpublishNotify");
  Host publisher;
  Script script;
  publisher.feed(script.connect().fmle("a").take());
  publisher.session.notify_unpublished("kicked");
  publisher.feed(script.message(MessageType::kAudio, 0, ByteVector{0xaf}).take());
  EXPECT_EQ(publisher.sent().back(), "onStatus NetStream.Unpublish.Success");
  EXPECT_EQ(publisher.events.back(), "publish a type= fmle");
  EXPECT_EQ(publisher.session.ignored_messages(), 1U);
}

TEST(ServerSession, PingIsAnsweredWithItsTime) {
  Host host;
  host.feed(Script().connect().user_control(UserControl::kPingRequest, 0x01020304).take());
  const Bytes end = Bytes(host.output).last(4);
  EXPECT_EQ(bytes_of(end), (ByteVector{1, 2, 3, 4}));
  EXPECT_EQ(host.sent().back(), "control 7");
}

TEST(ServerSession, CommandsOfType17) {
  ByteVector payload = {0x00};
  Amf0Writer(payload).string("createStream").number(2).null();
  Host host;
  host.feed(Script().connect().message(MessageType::kCommandAmf3, 0, payload).take());
  EXPECT_EQ(host.sent().back(), "_result 2");
}

TEST(ServerSession, DataOfType15LosesItsFirstByte) {
  ByteVector payload = {0x00};
  Amf0Writer(payload).string("onMetaData").null();
  Host host;
  host.feed(Script().connect().fmle("a").message(MessageType::kDataAmf3, 0, payload).take());
  EXPECT_EQ(host.events.back(), "media 18 0 02000a6f 14");
}

TEST(ServerSession, AggregateIsSplitWithItsTimes) {
  ByteVector payload = flv_tag(9, 0x01000000, {0x17});
  for (const ByteVector& tag : {flv_tag(22, 0x01000005, {0x00}), flv_tag(8, 0x0100000a, {0xaf})}) {
    payload.insert(payload.end(), tag.begin(), tag.end());
  }
  Host host;
  host.feed(Script().connect().fmle("a").message(MessageType::kAggregate, 500, payload).take());
  const Lines tail(host.events.end() - 2, host.events.end());
  EXPECT_EQ(tail, (Lines{"media 9 500 17 1", "media 8 510 af 1"}));
}

TEST(ServerSession, AcknowledgesHalfOfTheWindow) {
  Host host;
  Script script;
  script.connect().fmle("a");
  script.writer().window_acknowledgement_size(20000);
  host.feed(script.take());
  const size_t before = host.sent().size();
  for (int i = 0; i < 10; ++i) {
    host.feed(script.message(MessageType::kAudio, 0, ByteVector(5000)).take());
  }
  const size_t acknowledgements = host.sent().size() - before;
  EXPECT_GE(acknowledgements, 4U);
  EXPECT_LE(acknowledgements, 6U);
}

TEST(ServerSession, ProxiedAddress) {
  ByteVector bytes = {0xf3, 0x00, 0x04, 192, 0, 2, 9};
  const ByteVector rest = Script().connect().take();
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  Host host;
  host.feed(bytes);
  EXPECT_EQ(host.session.proxied_address(), (std::array<uint8_t, 4>{192, 0, 2, 9}));
  EXPECT_EQ(host.events, kConnectEvents);
}

}  // namespace
}  // namespace millrace::rtmp
