#include "protocols/rtmp/server_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <vector>

#include "formats/amf/amf0.hpp"
#include "protocols/rtmp/client_session.hpp"

namespace millrace::rtmp {
namespace {

using ByteVector = std::vector<uint8_t>;

ConnectAnswer test_answer() {
  ConnectAnswer answer;
  answer.identity = {.signature = "SRS",
                     .server = "SRS/7.0.18(Kai)",
                     .license = "MIT",
                     .url = "https://ossrs.io",
                     .version = "7.0.18",
                     .authors = "someone",
                     .server_ip = "192.0.2.1",
                     .pid = 77,
                     .id = "abc12345"};
  return answer;
}

ByteVector bytes_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// What a test sends as a client: the handshake, then messages at the default chunk size.
class Script {
 public:
  Script() {
    bytes_ = ClientHandshake(ClientHandshake::Form::kPlain, 1).take_output();
    bytes_.resize(bytes_.size() + kHandshakeBytes);  // C2
  }
  template <std::invocable<Amf0Writer&> Write>
  Script& command(std::string_view name, double id, Write&& write) {
    ByteVector payload;
    Amf0Writer amf(payload);
    amf.string(name).number(id);
    write(amf);
    return message(MessageType::kCommandAmf0, 0, payload);
  }
  Script& command(std::string_view name, double id) {
    return command(name, id, [](Amf0Writer& amf) { amf.null(); });
  }
  Script& command(std::string_view name, double id, std::string_view argument) {
    return command(name, id, [&](Amf0Writer& amf) { amf.null().string(argument); });
  }
  Script& connect() {
    return command("connect", 1, [](Amf0Writer& amf) {
      amf.begin_object().name("app").string("live");
      amf.name("tcUrl").string("rtmp://127.0.0.1/live").name("objectEncoding").number(3);
      amf.name("fourCcList").begin_strict_array(2).string("hvc1").string("av01").end();
    });
  }
  Script& fmle(std::string_view stream) {
    command("releaseStream", 2, stream).command("FCPublish", 3, stream).command("createStream", 4);
    return command("publish", 5, stream);
  }
  Script& message(MessageType type, uint32_t timestamp_ms, Bytes payload,
                  uint32_t chunk_stream_id = 3) {
    writer_.message({chunk_stream_id, type, timestamp_ms, 1}, payload);
    return *this;
  }
  Script& user_control(UserControl event, uint32_t value) {
    writer_.user_control(event, value);
    return *this;
  }
  ChunkWriter& writer() { return writer_; }
  [[nodiscard]] ByteVector take() { return std::exchange(bytes_, {}); }

 private:
  ByteVector bytes_;
  ChunkWriter writer_{bytes_};
};

/// A line for each event, so that whole sessions compare as text.
std::string text_of(const Event& event) {
  struct Visitor {
    std::string operator()(const ConnectRequest& e) const {
      return "connect " + e.tc_url + " app=" + e.app +
             " fourccs=" + std::to_string(e.fourcc_list.size());
    }
    std::string operator()(const PublishRequest& e) const {
      const char* form = e.form == PublishForm::kFmle    ? "fmle"
                         : e.form == PublishForm::kFlash ? "flash"
                                                         : "haivision";
      return "publish " + e.stream + " type=" + e.type + " " + form;
    }
    std::string operator()(const PlayRequest& e) const {
      return "play " + e.stream + " duration=" + std::to_string(static_cast<int>(e.duration)) +
             (e.reset ? " reset" : "");
    }
    std::string operator()(const MediaMessage& e) const {
      std::string text = "media " + std::to_string(static_cast<int>(e.type)) + " " +
                         std::to_string(e.timestamp_ms) + " ";
      for (const uint8_t byte : e.payload.first(std::min<size_t>(e.payload.size(), 4))) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
      }
      return text + " " + std::to_string(e.payload.size());
    }
    std::string operator()(const Pause& e) const { return e.on ? "pause" : "unpause"; }
    std::string operator()(const ReceiveAudio& e) const { return e.on ? "audio on" : "audio off"; }
    std::string operator()(const ReceiveVideo& e) const { return e.on ? "video on" : "video off"; }
    std::string operator()(const StopPublish&) const { return "stop publish"; }
    std::string operator()(const StopPlay&) const { return "stop play"; }
    std::string operator()(const PeerClosing&) const { return "closing"; }
  };
  return std::visit(Visitor{}, event);
}

/// A server that says yes to all, and what it saw and sent.
class Host {
 public:
  explicit Host(const SessionLimits& limits = {}) : session(limits, 7) {}

  /// @param late  decide only when all bytes are fed.
  void feed(Bytes bytes, bool late = false) {
    const ByteVector lent = bytes_of(bytes);
    session.feed(lent);
    drain(late);
  }
  void drain(bool late = false) {
    while (error == ErrorCode::kNone) {
      if (session.awaits_decision() && !late) {
        decide();
      }
      const auto event = session.poll();
      if (!event.ok()) {
        error = event.error().code;
      } else if (event.value()) {
        last = *event.value();
        events.push_back(text_of(last));
        continue;
      }
      take_output();
      if (!session.awaits_decision() || late) {
        return;
      }
    }
  }
  void decide() {
    if (std::holds_alternative<ConnectRequest>(last)) {
      session.accept_connect(test_answer());
    } else if (std::holds_alternative<PublishRequest>(last)) {
      session.accept_publish();
    } else {
      session.accept_play();
    }
  }
  void take_output() {
    const ByteVector more = bytes_of(session.pending_output());
    output.insert(output.end(), more.begin(), more.end());
    session.consume_output(more.size());
  }
  /// The messages sent after S0 S1 S2, each as its command name with the code, or its type.
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> names;
    constexpr size_t kHandshake = 1 + 2 * kHandshakeBytes;
    if (output.size() <= kHandshake) {
      return names;
    }
    ChunkParser parser;
    parser.feed(Bytes(output).subspan(kHandshake));
    for (auto message = parser.poll(); message.ok() && message.value(); message = parser.poll()) {
      if (message.value()->type == MessageType::kUserControl) {
        names.push_back("control " + std::to_string(message.value()->payload[1]));
      } else if (message.value()->type == MessageType::kCommandAmf0) {
        const auto command = parse_command(*message.value());
        std::string name = command->name;
        for (const AmfValue& argument : command->arguments) {
          const std::string code = argument.text_of("code");
          name += code.empty() ? "" : " " + code;
        }
        if (name == "_result") {
          name += " " + std::to_string(static_cast<int>(command->transaction_id));
        }
        names.push_back(name);
      } else {
        names.push_back("type " + std::to_string(static_cast<int>(message.value()->type)));
      }
    }
    return names;
  }
  /// The first command of this name, sent after the handshake.
  [[nodiscard]] Command sent_command(std::string_view name) const {
    ChunkParser parser;
    parser.feed(Bytes(output).subspan(1 + 2 * kHandshakeBytes));
    for (auto message = parser.poll(); message.ok() && message.value(); message = parser.poll()) {
      if (message.value()->type == MessageType::kCommandAmf0) {
        auto command = parse_command(*message.value());
        if (command->name == name) {
          return command.value();
        }
      }
    }
    return {};
  }

  ServerSession session;
  std::vector<std::string> events;
  Event last;
  ErrorCode error = ErrorCode::kNone;
  ByteVector output;
};

using Lines = std::vector<std::string>;

Lines joined(Lines first, const Lines& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const Lines kConnectEvents = {"connect rtmp://127.0.0.1/live app=live fourccs=2"};
// Set Chunk Size (type 1) is obeyed and not seen here: it comes before _result.
const Lines kConnectAnswers = {"type 5", "type 6", "_result NetConnection.Connect.Success",
                               "onBWDone"};

/// @return the script of a publisher with two messages and the metadata, which then stops.
ByteVector publisher() {
  ByteVector metadata;
  Amf0Writer(metadata).string("@setDataFrame").string("onMetaData").begin_ecma_array(0).end();
  Script script;
  script.connect().fmle("a?k=v").message(MessageType::kDataAmf0, 0, metadata, 4);
  script.message(MessageType::kVideo, 0, ByteVector(300, 0x17), 6);
  script.message(MessageType::kAudio, 20, ByteVector{0xaf, 0x01, 0x21}, 7);
  script.command("FCUnpublish", 6, "a").command("deleteStream", 7);
  return script.take();
}

const Lines kPublisherEvents =
    joined(kConnectEvents, {"publish a?k=v type= fmle", "media 18 0 02000d40 37",
                            "media 9 0 17171717 300", "media 8 20 af0121 3", "stop publish"});
const Lines kPublisherAnswers =
    joined(kConnectAnswers,
           {"_result 2", "_result 3", "_result 4", "onFCPublish NetStream.Publish.Start",
            "onStatus NetStream.Publish.Start", "onFCUnpublish NetStream.Unpublish.Success",
            "_result 6", "onStatus NetStream.Unpublish.Success"});

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

ByteVector flv_tag(uint8_t type, uint32_t timestamp_ms, const ByteVector& body) {
  ByteVector tag = {type,
                    0,
                    0,
                    static_cast<uint8_t>(body.size()),
                    static_cast<uint8_t>(timestamp_ms >> 16),
                    static_cast<uint8_t>(timestamp_ms >> 8),
                    static_cast<uint8_t>(timestamp_ms),
                    static_cast<uint8_t>(timestamp_ms >> 24),
                    0,
                    0,
                    0};
  tag.insert(tag.end(), body.begin(), body.end());
  tag.insert(tag.end(), 4, 0);
  return tag;
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

TEST(ServerSession, ProxiedAddress) {
  ByteVector bytes = {0xf3, 0x00, 0x04, 192, 0, 2, 9};
  const ByteVector rest = Script().connect().take();
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  Host host;
  host.feed(bytes);
  EXPECT_EQ(host.session.proxied_address(), (std::array<uint8_t, 4>{192, 0, 2, 9}));
  EXPECT_EQ(host.events, kConnectEvents);
}

/// Carries bytes between a client and a host until both are quiet. @return the client's events.
Lines converse(ClientSession& client, Host& host) {
  Lines lines;
  for (int turn = 0; turn < 20; ++turn) {
    const ByteVector up = bytes_of(client.pending_output());
    client.consume_output(up.size());
    host.feed(up);
    const ByteVector down = std::exchange(host.output, {});
    if (up.empty() && down.empty()) {
      break;
    }
    client.feed(down);
    for (auto event = client.poll();; event = client.poll()) {
      if (!event.ok()) {
        lines.push_back("error " + std::string(error_info(event.error().code).name));
        return lines;
      }
      if (!event.value()) {
        break;
      }
      if (const auto* status = std::get_if<ServerStatus>(&*event.value())) {
        lines.push_back(status->code + (status->redirect_url.empty() ? "" : " -> ") +
                        status->redirect_url);
      } else if (std::holds_alternative<Started>(*event.value())) {
        lines.push_back("started");
      }
    }
  }
  return lines;
}

TEST(ClientSession, PublishesAndPlaysAgainstTheServer) {
  for (const auto form : {ClientHandshake::Form::kPlain, ClientHandshake::Form::kDigest}) {
    ClientOptions options;
    options.purpose = ClientOptions::Purpose::kPublish;
    options.tc_url = "rtmp://127.0.0.1/live";
    options.app = "live";
    options.stream = "a";
    options.handshake = form;
    ClientSession publisher(options, {}, 3);
    Host host;
    EXPECT_EQ(converse(publisher, host), Lines{"started"});
    publisher.write_media(MessageType::kVideo, 0x1000000, ByteVector(70000, 0x27));
    publisher.write_media(MessageType::kAudio, 10, ByteVector{0xaf, 0x00});
    EXPECT_TRUE(converse(publisher, host).empty());
    publisher.stop();
    EXPECT_EQ(converse(publisher, host), Lines{"NetStream.Unpublish.Success"});
    EXPECT_EQ(host.events,
              (Lines{"connect rtmp://127.0.0.1/live app=live fourccs=1", "publish a type=live fmle",
                     "media 9 16777216 27272727 70000", "media 8 10 af00 2", "stop publish"}));

    options.purpose = ClientOptions::Purpose::kPlay;
    ClientSession player(options, {}, 3);
    Host other;
    // Play.Reset comes before Play.Start.
    EXPECT_EQ(converse(player, other), (Lines{"NetStream.Play.Reset", "started"}));
  }
}

TEST(ClientSession, RefusalAndRedirect) {
  ClientOptions options;
  options.stream = "a";
  ClientSession client(options, {}, 3);
  ServerSession server({}, 4);
  Lines lines;
  for (int turn = 0; turn < 10; ++turn) {
    const ByteVector up = bytes_of(client.pending_output());
    client.consume_output(up.size());
    server.feed(up);
    for (auto event = server.poll(); event.ok() && event.value(); event = server.poll()) {
      if (std::holds_alternative<ConnectRequest>(*event.value())) {
        server.accept_connect(test_answer());
      } else {
        server.redirect("rtmp://192.0.2.5/live", "rtmp://192.0.2.5/live/a");
      }
    }
    const ByteVector down = bytes_of(server.pending_output());
    server.consume_output(down.size());
    client.feed(down);
    for (auto event = client.poll(); event.ok() && event.value(); event = client.poll()) {
      lines.push_back(std::get<ServerStatus>(*event.value()).redirect_url);
    }
  }
  EXPECT_EQ(lines, Lines{"rtmp://192.0.2.5/live/a"});
  EXPECT_EQ(client.poll().error().code, ErrorCode::kRtmpPeerRefused);
}

}  // namespace
}  // namespace millrace::rtmp
