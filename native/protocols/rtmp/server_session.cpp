#include "protocols/rtmp/server_session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace millrace::rtmp {

namespace {

/// What is kept of unfinished messages before a publisher is let in.
constexpr uint32_t kMaxUnfinishedAtFirst = 256U << 10;
/// Set Peer Bandwidth, as SRS; clients answer with their own window and do nothing else about it.
constexpr uint32_t kPeerBandwidthBytes = 2'500'000;
/// A window of 0 or 1 byte must not make us answer each byte with an acknowledgement of 16.
constexpr uint64_t kMinAckDistance = 4096;
/// `clientid` in what SRS sends; some old players want one.
constexpr std::string_view kClientId = "ASAICiss";
/// Output kept when it has all been sent.
constexpr size_t kKeptOutputBytes = 4096;

ChunkLimits limits_at_first(ChunkLimits limits) {
  limits.max_message_bytes = std::min(limits.max_message_bytes, limits.max_amf_bytes);
  limits.max_unfinished_bytes = std::min(limits.max_unfinished_bytes, kMaxUnfinishedAtFirst);
  return limits;
}

std::string text_or_empty(const AmfValue& value) {
  return value.string() != nullptr ? *value.string() : std::string();
}

double number_or(const AmfValue& value, double otherwise) {
  return value.number() != nullptr ? *value.number() : otherwise;
}

bool is_false(const AmfValue& value) { return value.boolean() != nullptr && !*value.boolean(); }

bool is_answer(std::string_view name) {
  return name == "_result" || name == "_error" || name.starts_with("on");
}

}  // namespace

ServerSession::ServerSession(const SessionLimits& limits, uint64_t random_seed)
    : limits_(limits),
      parser_(limits_at_first(limits.chunks)),
      handshake_(std::make_unique<ServerHandshake>(random_seed)) {}

void ServerSession::feed(Bytes bytes) {
  if (error_) {
    return;
  }
  received_bytes_ += bytes.size();
  keep_unread();
  if (backlog_.empty()) {
    input_ = bytes;
  } else {
    backlog_.insert(backlog_.end(), bytes.begin(), bytes.end());
  }
}

Result<std::optional<Event>> ServerSession::poll() {
  if (error_) {
    return *error_;
  }
  Polled event = next_event();
  if (!event.ok()) {
    return fail(event.error());
  }
  if (!event.value()) {
    acknowledge();
  }
  if (output_.size() - sent_ > limits_.max_output_bytes) {
    return fail(Error{ErrorCode::kSlowReader, limits_.max_output_bytes});
  }
  return event;
}

ServerSession::Polled ServerSession::next_event() {
  for (;;) {
    if (awaits_decision()) {
      keep_unread();
      if (backlog_.size() > limits_.max_backlog_bytes) {
        return Error{ErrorCode::kQueueFull, limits_.max_backlog_bytes};
      }
      return std::optional<Event>{};
    }
    if (handshake_) {
      const Result<bool> done = shake_hands();
      if (!done.ok()) {
        return done.error();
      }
      if (!done.value()) {
        return std::optional<Event>{};
      }
    }
    if (next_) {
      const bool asks = std::holds_alternative<PlayRequest>(*next_);
      decision_ = asks ? Decision::kPlay : Decision::kNone;
      return std::exchange(next_, std::nullopt);
    }
    if (aggregate_) {
      Polled part = next_of_aggregate();
      if (part.value()) {
        return part;
      }
      continue;
    }
    if (!backlog_.empty() && !backlog_lent_) {
      parser_.feed(backlog_);
      backlog_lent_ = true;
    }
    const Result<std::optional<Message>> message = parser_.poll();
    if (!message.ok()) {
      return message.error();
    }
    if (message.value()) {
      Polled event = handle(*message.value());
      if (!event.ok() || event.value()) {
        return event;
      }
      // Answers to a flood of commands must not pile up within one read.
      if (output_.size() - sent_ > limits_.max_output_bytes) {
        return Error{ErrorCode::kSlowReader, limits_.max_output_bytes};
      }
      continue;
    }
    if (backlog_lent_) {
      backlog_ = {};
      backlog_lent_ = false;
    }
    if (input_.empty()) {
      return std::optional<Event>{};
    }
    parser_.feed(std::exchange(input_, Bytes{}));
  }
}

/// @return whether the handshake is done; if not, all input is used up.
Result<bool> ServerSession::shake_hands() {
  const Result<size_t> taken = handshake_->feed(input_);
  if (!taken.ok()) {
    return taken.error();
  }
  input_ = input_.subspan(taken.value());
  const std::vector<uint8_t> answer = handshake_->take_output();
  output_.insert(output_.end(), answer.begin(), answer.end());
  if (!handshake_->done()) {
    return false;
  }
  address_ = handshake_->proxied_address();
  handshake_.reset();
  return true;
}

ServerSession::Polled ServerSession::next_of_aggregate() {
  const Result<std::optional<Message>> part = aggregate_->next();
  if (!part.ok()) {
    ++malformed_aggregates_;
  }
  if (!part.ok() || !part.value()) {
    aggregate_.reset();
    return std::optional<Event>{};
  }
  const Message& message = *part.value();
  switch (message.type) {
    case MessageType::kAudio:
    case MessageType::kVideo:
    case MessageType::kDataAmf0:
    case MessageType::kDataAmf3:
      return handle(message);
    default:  // nothing else belongs there, least of all another aggregate
      return ignore();
  }
}

ServerSession::Polled ServerSession::handle(const Message& message) {
  switch (message.type) {
    case MessageType::kAudio:
    case MessageType::kVideo:
      if (!publishing()) {
        return ignore();
      }
      return std::optional<Event>(
          MediaMessage{message.type, message.timestamp_ms, message.payload});
    case MessageType::kDataAmf0:
    case MessageType::kDataAmf3:
      return handle_data(message);
    case MessageType::kAggregate:
      if (!publishing()) {
        return ignore();
      }
      aggregate_.emplace(message);
      return std::optional<Event>{};
    case MessageType::kCommandAmf0:
    case MessageType::kCommandAmf3:
      return handle_command(message);
    case MessageType::kUserControl:
      handle_user_control(message.payload);
      return std::optional<Event>{};
    case MessageType::kWindowAcknowledgementSize: {
      ByteReader in(message.payload);
      const uint32_t window = in.u32();
      if (!in.ok()) {
        return ErrorCode::kRtmpMessageMalformed;
      }
      if (!ack_window_fixed_) {
        ack_window_bytes_ = window;
      }
      return std::optional<Event>{};
    }
    case MessageType::kAcknowledgement:
    case MessageType::kSetPeerBandwidth:
      return std::optional<Event>{};
    default:
      return ignore();
  }
}

ServerSession::Polled ServerSession::handle_data(const Message& message) {
  if (!publishing()) {
    return ignore();
  }
  const Bytes values = data_values(message);
  if (values.size() > limits_.chunks.max_amf_bytes) {  // inside an aggregate
    return Error{ErrorCode::kRtmpMetadataTooLarge, static_cast<uint32_t>(values.size())};
  }
  return std::optional<Event>(MediaMessage{MessageType::kDataAmf0, message.timestamp_ms, values});
}

/// RTMP 1.0 §7.1.7. A ping is answered; what else clients send (their buffer length) is not used.
void ServerSession::handle_user_control(Bytes payload) {
  ByteReader in(payload);
  const auto event = static_cast<UserControl>(in.u16());
  const uint32_t value = in.u32();
  if (!in.ok()) {
    (void)ignore();
    return;
  }
  if (event == UserControl::kPingRequest) {
    writer_.user_control(UserControl::kPingResponse, value);
  }
}

ServerSession::Polled ServerSession::handle_command(const Message& message) {
  Result<Command> parsed = parse_command(message, limits_.amf);
  if (!parsed.ok()) {
    return parsed.error();
  }
  Command& command = parsed.value();
  const std::string& name = command.name;
  if (name == "connect") {
    return on_connect(command);
  }
  if (role_ == Role::kConnecting || is_answer(name)) {
    return ignore();
  }
  if (name == "releaseStream" || name == "FCPublish") {
    const bool fmle = name == "releaseStream" || stream_released_ || !stream_created_;
    form_ = fmle ? PublishForm::kFmle : PublishForm::kHaivision;
    stream_released_ = stream_released_ || name == "releaseStream";
    write_undefined_result(writer_, command.transaction_id);
    return std::optional<Event>{};
  }
  if (name == "createStream") {
    stream_created_ = true;
    write_create_stream_result(writer_, command.transaction_id, kMediaStreamId);
    return std::optional<Event>{};
  }
  if (name == "publish") {
    return on_publish(command);
  }
  if (name == "FCUnpublish" && publishing()) {
    return on_fc_unpublish(command);
  }
  if (name == "deleteStream" || name == "closeStream") {
    return on_close_stream();
  }
  if (name == "play") {
    return on_play(command);
  }
  if ((name == "pause" || name == "pauseRaw") && playing()) {
    return on_pause(command);
  }
  if ((name == "receiveAudio" || name == "receiveVideo") && playing()) {
    const bool on = !is_false(command.argument(0));
    return std::optional<Event>(name == "receiveAudio" ? Event(ReceiveAudio{on})
                                                       : Event(ReceiveVideo{on}));
  }
  if (name == "close") {
    return std::optional<Event>(PeerClosing{});
  }
  // getStreamLength, _checkbw and what else a client may call: the answer keeps it going.
  if (command.transaction_id > 0) {
    write_null_result(writer_, command.transaction_id);
  }
  return ignore();
}

std::optional<Event> ServerSession::on_connect(Command& command) {
  if (role_ != Role::kConnecting) {
    return ignore();
  }
  ConnectRequest request;
  request.tc_url = command.object.text_of("tcUrl");
  request.app = command.object.text_of("app");
  request.page_url = command.object.text_of("pageUrl");
  request.swf_url = command.object.text_of("swfUrl");
  request.flash_ver = command.object.text_of("flashVer");
  request.object_encoding = command.object.number_of("objectEncoding");
  request.caps_ex = command.object.number_of("capsEx");
  const AmfValue* list = command.object.find("fourCcList");
  if (list != nullptr && list->elements() != nullptr) {
    for (const AmfValue& fourcc : *list->elements()) {
      request.fourcc_list.push_back(text_or_empty(fourcc));
    }
  }
  connect_transaction_id_ = command.transaction_id;
  object_encoding_ = request.object_encoding;
  request.object = std::move(command.object);
  request.arguments = std::move(command.arguments);
  decision_ = Decision::kConnect;
  return request;
}

std::optional<Event> ServerSession::on_publish(const Command& command) {
  if (is_false(command.argument(0))) {  // NetStream.publish(false) ends publishing
    return on_close_stream();
  }
  if (role_ != Role::kIdle) {
    write_on_status(writer_, {.level = "error",
                              .code = status::kPublishBadName,
                              .description = "This connection publishes or plays already."});
    return ignore();
  }
  PublishRequest request;
  request.stream = text_or_empty(command.argument(0));
  request.type = text_or_empty(command.argument(1));
  request.form = form_;
  if (form_ != PublishForm::kFlash) {
    write_on_fc(writer_, "onFCPublish", status::kPublishStart, "Started publishing stream.");
  }
  decision_ = Decision::kPublish;
  return request;
}

std::optional<Event> ServerSession::on_fc_unpublish(const Command& command) {
  write_on_fc(writer_, "onFCUnpublish", status::kUnpublishSuccess, "Stop publishing stream.");
  write_undefined_result(writer_, command.transaction_id);
  return on_close_stream();
}

/// deleteStream, closeStream, publish(false), play(false); FCUnpublish after its own answers.
std::optional<Event> ServerSession::on_close_stream() {
  const Role role = role_;
  if (role != Role::kPublishing && role != Role::kPlaying) {
    return ignore();
  }
  role_ = Role::kIdle;
  form_ = PublishForm::kFlash;
  stream_released_ = false;
  stream_created_ = false;
  aggregate_.reset();
  if (role == Role::kPlaying) {
    return StopPlay{};
  }
  write_on_status(writer_, {.code = status::kUnpublishSuccess,
                            .description = "Stream is now unpublished",
                            .client_id = kClientId});
  return StopPublish{};
}

std::optional<Event> ServerSession::on_play(const Command& command) {
  if (is_false(command.argument(0))) {  // NetStream.play(false) ends playing
    return on_close_stream();
  }
  if (publishing()) {
    write_on_status(writer_, {.level = "error",
                              .code = status::kPlayFailed,
                              .description = "This connection publishes."});
    return ignore();
  }
  PlayRequest request;
  request.stream = text_or_empty(command.argument(0));
  request.start = number_or(command.argument(1), request.start);
  request.duration = number_or(command.argument(2), request.duration);
  const AmfValue& reset = command.argument(3);
  request.reset = reset.number() != nullptr ? *reset.number() != 0 : !is_false(reset);
  if (playing()) {
    role_ = Role::kIdle;
    next_ = std::move(request);
    return StopPlay{};
  }
  decision_ = Decision::kPlay;
  return request;
}

std::optional<Event> ServerSession::on_pause(const Command& command) {
  Pause pause;
  pause.on = !is_false(command.argument(0));
  pause.position_ms = number_or(command.argument(1), 0);
  if (pause.on) {
    write_on_status(writer_, {.code = status::kPauseNotify, .description = "Paused stream."});
    writer_.user_control(UserControl::kStreamEof, kMediaStreamId);
  } else {
    write_on_status(writer_, {.code = status::kUnpauseNotify, .description = "Unpaused stream."});
    writer_.user_control(UserControl::kStreamBegin, kMediaStreamId);
  }
  return pause;
}

std::optional<Event> ServerSession::ignore() {
  ++ignored_messages_;
  return std::nullopt;
}

void ServerSession::accept_connect(const ConnectAnswer& answer) {
  if (!decide(Decision::kConnect)) {
    return;
  }
  role_ = Role::kIdle;
  ack_window_fixed_ = answer.in_ack_size != 0;
  if (ack_window_fixed_) {
    ack_window_bytes_ = answer.in_ack_size;
  }
  if (answer.out_ack_size != 0) {
    writer_.window_acknowledgement_size(answer.out_ack_size);
  }
  writer_.set_peer_bandwidth(kPeerBandwidthBytes);
  writer_.set_chunk_size(answer.chunk_size);
  write_connect_result(writer_, connect_transaction_id_, object_encoding_, answer);
  write_on_bw_done(writer_);
}

void ServerSession::reject_connect(std::string_view description) {
  if (decide(Decision::kConnect)) {
    write_connect_rejected(writer_, connect_transaction_id_, description);
  }
}

void ServerSession::accept_publish() {
  if (!decide(Decision::kPublish)) {
    return;
  }
  role_ = Role::kPublishing;
  parser_.set_limits(limits_.chunks);
  write_on_status(writer_, {.code = status::kPublishStart,
                            .description = "Started publishing stream.",
                            .client_id = kClientId});
}

void ServerSession::reject_publish(ErrorCode reason) {
  if (!decide(Decision::kPublish)) {
    return;
  }
  const bool busy = reason == ErrorCode::kStreamBusy;
  write_on_status(writer_, {.level = "error",
                            .code = busy ? status::kPublishBadName : status::kPublishRejected,
                            .description = error_info(reason).text,
                            .client_id = kClientId});
}

void ServerSession::accept_play() {
  if (!decide(Decision::kPlay)) {
    return;
  }
  role_ = Role::kPlaying;
  writer_.user_control(UserControl::kStreamBegin, kMediaStreamId);
  write_on_status(writer_, {.code = status::kPlayReset,
                            .description = "Playing and resetting stream.",
                            .details = "stream",
                            .client_id = kClientId});
  write_on_status(writer_, {.code = status::kPlayStart,
                            .description = "Started playing stream.",
                            .details = "stream",
                            .client_id = kClientId});
  write_sample_access(writer_);
}

void ServerSession::reject_play(ErrorCode reason) {
  if (!decide(Decision::kPlay)) {
    return;
  }
  const bool missing = reason == ErrorCode::kStreamNotFound || reason == ErrorCode::kNotFound;
  write_on_status(writer_, {.level = "error",
                            .code = missing ? status::kPlayStreamNotFound : status::kPlayFailed,
                            .description = error_info(reason).text,
                            .client_id = kClientId});
}

void ServerSession::redirect(std::string_view tc_url, std::string_view url) {
  if (decide(decision_)) {
    write_redirect(writer_, tc_url, url);
  }
}

void ServerSession::notify_unpublished(std::string_view description) {
  if (!publishing()) {
    return;
  }
  role_ = Role::kIdle;
  aggregate_.reset();
  write_on_status(
      writer_,
      {.code = status::kUnpublishSuccess, .description = description, .client_id = kClientId});
}

void ServerSession::notify_play_stopped(PlayEnd end) {
  if (!playing()) {
    return;
  }
  role_ = Role::kIdle;
  writer_.user_control(UserControl::kStreamEof, kMediaStreamId);
  const bool unpublished = end == PlayEnd::kUnpublished;
  write_on_status(writer_,
                  {.code = unpublished ? status::kPlayUnpublishNotify : status::kPlayStop,
                   .description = unpublished ? "Stream is now unpublished." : "Stopped playing.",
                   .details = "stream",
                   .client_id = kClientId});
}

void ServerSession::send_ping(uint32_t timestamp_ms) {
  if (role_ != Role::kConnecting) {
    writer_.user_control(UserControl::kPingRequest, timestamp_ms);
  }
}

void ServerSession::consume_output(size_t size) {
  assert(size <= output_.size() - sent_);
  sent_ += size;
  if (sent_ == output_.size()) {
    sent_ = 0;
    if (output_.capacity() > kKeptOutputBytes) {
      output_ = {};
    }
    output_.clear();
  }
}

/// @return whether the decision may be carried out: not after the session has failed.
bool ServerSession::decide(Decision decision) {
  assert(error_ || (decision_ == decision && decision != Decision::kNone));
  if (error_ || decision_ != decision) {
    return false;
  }
  decision_ = Decision::kNone;
  return true;
}

/// RTMP 1.0 §5.4.3. Once half of the window came, as SRS: a peer that stops at the window never
/// waits.
void ServerSession::acknowledge() {
  if (ack_window_bytes_ == 0) {
    return;
  }
  const uint64_t distance = std::max<uint64_t>(ack_window_bytes_ / 2, kMinAckDistance);
  if (received_bytes_ - acknowledged_bytes_ >= distance) {
    acknowledged_bytes_ = received_bytes_;
    writer_.acknowledgement(static_cast<uint32_t>(received_bytes_));
  }
}

/// Copies what the parser has not read, because the caller's memory goes or more bytes come.
void ServerSession::keep_unread() {
  const Bytes unread = parser_.take_unread();
  if (backlog_lent_) {
    const size_t read = backlog_.size() - unread.size();
    backlog_.erase(backlog_.begin(), backlog_.begin() + static_cast<ptrdiff_t>(read));
    backlog_lent_ = false;
  } else {
    backlog_.insert(backlog_.end(), unread.begin(), unread.end());
  }
  backlog_.insert(backlog_.end(), input_.begin(), input_.end());
  input_ = {};
}

Error ServerSession::fail(Error error) {
  error_ = error;
  decision_ = Decision::kNone;
  (void)parser_.take_unread();
  input_ = {};
  backlog_ = {};
  return error;
}

}  // namespace millrace::rtmp
