#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "formats/amf/amf0.hpp"
#include "protocols/rtmp/chunk_parser.hpp"
#include "protocols/rtmp/chunk_writer.hpp"
#include "protocols/rtmp/handshake.hpp"
#include "protocols/rtmp/server_session.hpp"

namespace millrace::rtmp::testing {

using ByteVector = std::vector<uint8_t>;

inline ConnectAnswer test_answer() {
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

inline ByteVector bytes_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

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
inline std::string text_of(const Event& event) {
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

inline Lines joined(Lines first, const Lines& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

inline const Lines kConnectEvents = {"connect rtmp://127.0.0.1/live app=live fourccs=2"};
// Set Chunk Size (type 1) is obeyed and not seen here: it comes before _result.
inline const Lines kConnectAnswers = {"type 5", "type 6", "_result NetConnection.Connect.Success",
                                      "onBWDone"};

/// @return the script of a publisher with two messages and the metadata, which then stops.
inline ByteVector publisher() {
  ByteVector metadata;
  Amf0Writer(metadata).string("@setDataFrame").string("onMetaData").begin_ecma_array(0).end();
  Script script;
  script.connect().fmle("a?k=v").message(MessageType::kDataAmf0, 0, metadata, 4);
  script.message(MessageType::kVideo, 0, ByteVector(300, 0x17), 6);
  script.message(MessageType::kAudio, 20, ByteVector{0xaf, 0x01, 0x21}, 7);
  script.command("FCUnpublish", 6, "a").command("deleteStream", 7);
  return script.take();
}

inline const Lines kPublisherEvents =
    joined(kConnectEvents, {"publish a?k=v type= fmle", "media 18 0 02000d40 37",
                            "media 9 0 17171717 300", "media 8 20 af0121 3", "stop publish"});
inline const Lines kPublisherAnswers =
    joined(kConnectAnswers,
           {"_result 2", "_result 3", "_result 4", "onFCPublish NetStream.Publish.Start",
            "onStatus NetStream.Publish.Start", "onFCUnpublish NetStream.Unpublish.Success",
            "_result 6", "onStatus NetStream.Unpublish.Success"});

inline ByteVector flv_tag(uint8_t type, uint32_t timestamp_ms, const ByteVector& body) {
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

}  // namespace millrace::rtmp::testing
