#include "protocols/rtmp/client_session.hpp"

#include <algorithm>
#include <cassert>

#include "formats/amf/amf0.hpp"
#include "protocols/rtmp/server_answers.hpp"

namespace millrace::rtmp {

namespace {

constexpr uint32_t kWindowBytes = 2'500'000;
constexpr uint64_t kMinAckDistance = 4096;

/// Transaction ids: fixed, because each command is sent once.
constexpr double kConnectId = 1;
constexpr double kReleaseStreamId = 2;
constexpr double kFcPublishId = 3;
constexpr double kCreateStreamId = 4;
constexpr double kPublishId = 5;
constexpr double kFcUnpublishId = 6;

uint32_t chunk_stream_of(MessageType type) {
  switch (type) {
    case MessageType::kAudio:
      return kAudioChunkStream;
    case MessageType::kVideo:
      return kVideoChunkStream;
    default:
      return kDataChunkStream;
  }
}

}  // namespace

ClientSession::ClientSession(ClientOptions options, const ChunkLimits& limits, uint64_t random_seed)
    : options_(std::move(options)),
      parser_(limits),
      handshake_(options_.handshake, random_seed),
      output_(handshake_.take_output()) {}

void ClientSession::feed(Bytes bytes) {
  received_bytes_ += bytes.size();
  assert(input_.empty());
  input_ = bytes;
}

Result<std::optional<ClientEvent>> ClientSession::poll() {
  if (error_) {
    return *error_;
  }
  Polled event = refused_ ? Polled(ErrorCode::kRtmpPeerRefused) : next_event();
  if (!event.ok()) {
    error_ = event.error();
    input_ = {};
    return event;
  }
  if (!event.value()) {
    acknowledge();
  }
  return event;
}

ClientSession::Polled ClientSession::next_event() {
  if (state_ == State::kHandshake) {
    const Result<bool> done = shake_hands();
    if (!done.ok()) {
      return done.error();
    }
    if (!done.value()) {
      return std::optional<ClientEvent>{};
    }
  }
  for (;;) {
    if (aggregate_) {
      const Result<std::optional<Message>> part = aggregate_->next();
      if (part.ok() && part.value()) {
        return std::optional<ClientEvent>(
            MediaMessage{part.value()->type, part.value()->timestamp_ms, part.value()->payload});
      }
      aggregate_.reset();
    }
    const Result<std::optional<Message>> message = parser_.poll();
    if (!message.ok()) {
      return message.error();
    }
    if (!message.value()) {
      if (input_.empty()) {
        return std::optional<ClientEvent>{};
      }
      parser_.feed(std::exchange(input_, Bytes{}));
      continue;
    }
    Polled event = handle(*message.value());
    if (!event.ok() || event.value()) {
      return event;
    }
  }
}

Result<bool> ClientSession::shake_hands() {
  const Result<size_t> taken = handshake_.feed(input_);
  if (!taken.ok()) {
    return taken.error();
  }
  input_ = input_.subspan(taken.value());
  if (!handshake_.done()) {
    return false;
  }
  const std::vector<uint8_t> c2 = handshake_.take_output();
  output_.insert(output_.end(), c2.begin(), c2.end());
  send_connect();
  return true;
}

ClientSession::Polled ClientSession::handle(const Message& message) {
  switch (message.type) {
    case MessageType::kAudio:
    case MessageType::kVideo:
      return std::optional<ClientEvent>(
          MediaMessage{message.type, message.timestamp_ms, message.payload});
    case MessageType::kDataAmf0:
    case MessageType::kDataAmf3:
      return std::optional<ClientEvent>(
          MediaMessage{MessageType::kDataAmf0, message.timestamp_ms, data_values(message)});
    case MessageType::kAggregate:
      aggregate_.emplace(message);
      return std::optional<ClientEvent>{};
    case MessageType::kCommandAmf0:
    case MessageType::kCommandAmf3: {
      const Result<Command> command = parse_command(message);
      if (!command.ok()) {
        return command.error();
      }
      return handle_command(command.value());
    }
    default:
      handle_control(message);
      return std::optional<ClientEvent>{};
  }
}

void ClientSession::handle_control(const Message& message) {
  ByteReader in(message.payload);
  if (message.type == MessageType::kWindowAcknowledgementSize) {
    ack_window_bytes_ = in.u32();
  } else if (message.type == MessageType::kUserControl) {
    const auto event = static_cast<UserControl>(in.u16());
    const uint32_t value = in.u32();
    if (in.ok() && event == UserControl::kPingRequest) {
      writer_.user_control(UserControl::kPingResponse, value);
    }
  }
}

ClientSession::Polled ClientSession::handle_command(const Command& command) {
  if (command.name == "onStatus") {
    return handle_status(command.argument(0));
  }
  if (command.name == "_error") {
    // The answers to releaseStream and FCPublish do not matter: many servers do not know them.
    const bool matters =
        command.transaction_id == kConnectId || command.transaction_id == kCreateStreamId;
    return matters ? handle_status(command.argument(0)) : Polled(std::optional<ClientEvent>{});
  }
  if (command.name == "_result") {
    if (state_ == State::kConnecting && command.transaction_id == kConnectId) {
      send_create_stream();
    } else if (state_ == State::kCreating && command.transaction_id == kCreateStreamId) {
      const double* id = command.argument(0).number();
      if (id == nullptr || !(*id >= 0 && *id <= UINT32_MAX)) {
        return ErrorCode::kRtmpCommandMalformed;
      }
      stream_id_ = static_cast<uint32_t>(*id);
      send_start();
    }
  }
  return std::optional<ClientEvent>{};
}

ClientSession::Polled ClientSession::handle_status(const AmfValue& info) {
  ServerStatus told{info.text_of("level"), info.text_of("code"), info.text_of("description"), {}};
  if (state_ == State::kStarting &&
      (told.code == status::kPublishStart || told.code == status::kPlayStart)) {
    state_ = State::kStarted;
    return std::optional<ClientEvent>(Started{});
  }
  if (const AmfValue* moved = info.find("ex")) {
    told.redirect_url = moved->text_of("redirect2");
    if (told.redirect_url.empty()) {
      told.redirect_url = moved->text_of("redirect");
    }
  }
  refused_ = told.level == "error";
  return std::optional<ClientEvent>(std::move(told));
}

void ClientSession::send_connect() {
  state_ = State::kConnecting;
  writer_.window_acknowledgement_size(kWindowBytes);
  writer_.set_chunk_size(options_.chunk_size);
  std::vector<uint8_t> payload;
  Amf0Writer amf(payload);
  amf.string("connect").number(kConnectId).begin_object();
  amf.name("app").string(options_.app);
  amf.name("flashVer").string(options_.flash_ver);
  amf.name("swfUrl").string(options_.swf_url);
  amf.name("tcUrl").string(options_.tc_url);
  amf.name("fpad").boolean(false);
  amf.name("capabilities").number(239);
  amf.name("audioCodecs").number(3575);  // all that RTMP 1.0 §7.2.1.1 names
  amf.name("videoCodecs").number(252);
  amf.name("videoFunction").number(1);
  amf.name("pageUrl").string(options_.page_url);
  amf.name("objectEncoding").number(0);
  amf.name("fourCcList").begin_strict_array(1).string("*");
  amf.end();
  if (!options_.connect_arguments.empty()) {
    amf.value(AmfObject{options_.connect_arguments, {}});
  }
  send_command(payload, 0);
}

void ClientSession::send_create_stream() {
  state_ = State::kCreating;
  if (options_.purpose == ClientOptions::Purpose::kPublish) {
    for (const auto& [name, id] :
         {std::pair{"releaseStream", kReleaseStreamId}, std::pair{"FCPublish", kFcPublishId}}) {
      std::vector<uint8_t> payload;
      Amf0Writer(payload).string(name).number(id).null().string(options_.stream);
      send_command(payload, 0);
    }
  }
  std::vector<uint8_t> payload;
  Amf0Writer(payload).string("createStream").number(kCreateStreamId).null();
  send_command(payload, 0);
}

void ClientSession::send_start() {
  state_ = State::kStarting;
  std::vector<uint8_t> payload;
  Amf0Writer amf(payload);
  if (options_.purpose == ClientOptions::Purpose::kPublish) {
    amf.string("publish").number(kPublishId).null().string(options_.stream).string("live");
  } else {
    amf.string("play").number(0).null().string(options_.stream).number(-2);
  }
  send_command(payload, stream_id_);
}

void ClientSession::write_media(MessageType type, uint32_t timestamp_ms, Bytes payload) {
  assert(started());
  writer_.message({.chunk_stream_id = chunk_stream_of(type),
                   .type = type,
                   .timestamp_ms = timestamp_ms,
                   .stream_id = stream_id_},
                  payload);
}

void ClientSession::stop() {
  if (state_ != State::kStarted) {
    return;
  }
  state_ = State::kStopped;
  std::vector<uint8_t> payload;
  if (options_.purpose == ClientOptions::Purpose::kPublish) {
    Amf0Writer(payload).string("FCUnpublish").number(kFcUnpublishId).null().string(options_.stream);
    send_command(payload, 0);
    payload.clear();
  }
  Amf0Writer(payload).string("deleteStream").number(0).null().number(stream_id_);
  send_command(payload, 0);
}

void ClientSession::send_ping(uint32_t timestamp_ms) {
  if (state_ > State::kConnecting) {
    writer_.user_control(UserControl::kPingRequest, timestamp_ms);
  }
}

void ClientSession::send_command(const std::vector<uint8_t>& payload, uint32_t stream_id) {
  const uint32_t chunk_stream_id = stream_id == 0 ? kCommandChunkStream : kStreamChunkStream;
  writer_.message({.chunk_stream_id = chunk_stream_id,
                   .type = MessageType::kCommandAmf0,
                   .stream_id = stream_id},
                  payload);
}

void ClientSession::consume_output(size_t size) {
  assert(size <= output_.size() - sent_);
  sent_ += size;
  if (sent_ == output_.size()) {
    sent_ = 0;
    output_.clear();
  }
}

/// RTMP 1.0 §5.4.3; see ServerSession::acknowledge().
void ClientSession::acknowledge() {
  const uint64_t distance = std::max<uint64_t>(ack_window_bytes_ / 2, kMinAckDistance);
  if (ack_window_bytes_ != 0 && received_bytes_ - acknowledged_bytes_ >= distance) {
    acknowledged_bytes_ = received_bytes_;
    writer_.acknowledgement(static_cast<uint32_t>(received_bytes_));
  }
}

}  // namespace millrace::rtmp
