#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/byte_reader.hpp"
#include "formats/amf/amf_value.hpp"
#include "protocols/rtmp/message.hpp"

/// What a ServerSession reports.
namespace millrace::rtmp {

/// RTMP 1.0 §7.2.1.1. Wants accept_connect() or reject_connect().
struct ConnectRequest {
  std::string tc_url;
  std::string app;
  std::string page_url;
  std::string swf_url;
  std::string flash_ver;
  double object_encoding = 0;  // 0 AMF0, 3 AMF3
  /// Enhanced RTMP v1: the codecs that the client can send or take; "*" means all.
  std::vector<std::string> fourcc_list;
  double caps_ex = 0;  // Enhanced RTMP v2
  /// The whole command object, and the optional arguments behind it.
  AmfValue object;
  std::vector<AmfValue> arguments;
};

/// How a publisher begins, and so what it expects to be answered.
enum class PublishForm : uint8_t {
  kFmle,       // releaseStream, FCPublish, createStream, publish
  kFlash,      // createStream, publish
  kHaivision,  // createStream, FCPublish, publish
};

/// RTMP 1.0 §7.2.2.6. Wants accept_publish() or reject_publish().
struct PublishRequest {
  std::string stream;  // with its query; empty when the app says the name
  std::string type;    // "live", "record" or "append"; empty when not given
  PublishForm form = PublishForm::kFlash;
};

/// RTMP 1.0 §7.2.2.1. Wants accept_play() or reject_play().
struct PlayRequest {
  std::string stream;
  double start = -2;     // seconds; -2: live, else recorded
  double duration = -1;  // read as milliseconds, as SRS does; not above 0: to the end
  bool reset = true;
};

/// Audio, video or data of a publisher; parts of aggregates one by one. Data comes as kDataAmf0,
/// whatever it was sent as. The payload is valid until the next poll() or feed().
struct MediaMessage {
  MessageType type{};
  uint32_t timestamp_ms = 0;  // wraps after 2^32 ms
  Bytes payload;
};

/// A player's wishes: RTMP 1.0 §7.2.2.4, §7.2.2.5, §7.2.2.9. They are answered already.
struct Pause {
  bool on = false;
  double position_ms = 0;
};
struct ReceiveAudio {
  bool on = true;
};
struct ReceiveVideo {
  bool on = true;
};

/// The publisher or player has ended its stream and keeps the connection; another request may come.
struct StopPublish {};
struct StopPlay {};
/// The peer says that it closes the connection.
struct PeerClosing {};

using Event = std::variant<ConnectRequest, PublishRequest, PlayRequest, MediaMessage, Pause,
                           ReceiveAudio, ReceiveVideo, StopPublish, StopPlay, PeerClosing>;

}  // namespace millrace::rtmp
