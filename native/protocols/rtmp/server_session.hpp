#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "protocols/rtmp/aggregate.hpp"
#include "protocols/rtmp/chunk_parser.hpp"
#include "protocols/rtmp/chunk_writer.hpp"
#include "protocols/rtmp/command.hpp"
#include "protocols/rtmp/handshake.hpp"
#include "protocols/rtmp/server_answers.hpp"
#include "protocols/rtmp/session_events.hpp"

namespace millrace::rtmp {

struct SessionLimits {
  /// Of a publisher that was let in. Before that messages are no longer than chunks.max_amf_bytes.
  ChunkLimits chunks{};
  AmfLimits amf{};
  /// Bytes kept while a decision is awaited.
  uint32_t max_backlog_bytes = 256U << 10;
  /// Answers that the peer has not taken yet, in bytes.
  uint32_t max_output_bytes = 256U << 10;
};

/// One RTMP connection, seen from the server: handshake, commands, and the media of a publisher.
/// Has no socket, clock, thread or log. Source: RTMP 1.0; the answers are those of SRS.
///
/// The rule of use: feed() what was read, poll() until nullopt, send pending_output(). After a
/// ConnectRequest, PublishRequest or PlayRequest poll() gives nullopt until the caller has decided;
/// what the peer sends meanwhile is kept (see awaits_decision()), and poll() must be called after
/// the decision, whether or not new bytes came.
///
/// The media of a player does not go through here: its caller writes whole messages in the form of
/// media_chunks.hpp, at output_chunk_size(), whenever pending_output() is empty.
class ServerSession {
 public:
  /// @param random_seed  for the handshake; should differ from one connection to the next.
  ServerSession(const SessionLimits& limits, uint64_t random_seed);

  /// Lends the next bytes, cut anywhere. They must stay until poll() has returned nullopt or an
  /// error.
  void feed(Bytes bytes);

  /// @return the next event, or nullopt when all fed bytes are read, or kept for a decision.
  /// Errors end the connection and come again with each call: those of ServerHandshake, ChunkParser
  /// and Amf0Reader, kQueueFull (too much was sent before a decision), kSlowReader (answers are not
  /// taken).
  [[nodiscard]] Result<std::optional<Event>> poll();

  /// Answers to send, in order. Valid until the next call of another function.
  [[nodiscard]] Bytes pending_output() const { return Bytes(output_).subspan(sent_); }
  /// @param size  how many of these bytes were sent.
  void consume_output(size_t size);

  /// The decisions. Each is for the request that poll() returned last, and goes out as the peer
  /// expects it: see protocol answers in server_answers.hpp. After a rejection the caller sends
  /// pending_output() and closes, or waits for another request.
  void accept_connect(const ConnectAnswer& answer);
  /// @param description  for the peer's log.
  void reject_connect(std::string_view description);
  void accept_publish();
  /// BadName for kStreamBusy, else Denied, with the text of the error.
  void reject_publish(ErrorCode reason);
  void accept_play();
  /// StreamNotFound for kStreamNotFound and kNotFound, else Failed.
  void reject_play(ErrorCode reason);
  /// In place of accept_play() or accept_publish(): the stream is at another server.
  void redirect(std::string_view tc_url, std::string_view url);

  /// Tells a publisher that it was ended from here. Media that still comes is ignored.
  void notify_unpublished(std::string_view description);
  enum class PlayEnd : uint8_t {
    kComplete,     // the asked duration is over, or the player was ended from here: Play.Stop
    kUnpublished,  // the publisher has gone: Play.UnpublishNotify
  };
  /// Tells a player that no more media comes.
  void notify_play_stopped(PlayEnd end);
  /// RTMP 1.0 §7.1.7. @param timestamp_ms  comes back in the answer, which is not reported.
  void send_ping(uint32_t timestamp_ms);

  [[nodiscard]] bool awaits_decision() const { return decision_ != Decision::kNone; }
  [[nodiscard]] bool handshake_done() const { return handshake_ == nullptr; }
  /// Whether `connect` was accepted.
  [[nodiscard]] bool connected() const { return role_ != Role::kConnecting; }
  [[nodiscard]] bool publishing() const { return role_ == Role::kPublishing; }
  [[nodiscard]] bool playing() const { return role_ == Role::kPlaying; }
  /// What the proxy before us said; nullopt without one.
  [[nodiscard]] std::optional<std::array<uint8_t, 4>> proxied_address() const { return address_; }
  /// Of all that is sent after accept_connect(), in bytes.
  [[nodiscard]] uint32_t output_chunk_size() const { return writer_.chunk_size(); }
  [[nodiscard]] uint64_t received_bytes() const { return received_bytes_; }
  /// Messages that were whole but meant nothing in the session's state, or to this server.
  [[nodiscard]] uint64_t ignored_messages() const { return ignored_messages_; }
  /// Aggregates of which the rest was dropped: kRtmpAggregateMalformed.
  [[nodiscard]] uint64_t malformed_aggregates() const { return malformed_aggregates_; }

 private:
  enum class Role : uint8_t { kConnecting, kIdle, kPublishing, kPlaying };
  enum class Decision : uint8_t { kNone, kConnect, kPublish, kPlay };
  using Polled = Result<std::optional<Event>>;

  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  Polled next_event();
  Result<bool> shake_hands();
  Polled next_of_aggregate();
  Polled handle(const Message& message);
  Polled handle_data(const Message& message);
  Polled handle_command(const Message& message);
  void handle_user_control(Bytes payload);
  std::optional<Event> on_connect(Command& command);
  std::optional<Event> on_publish(const Command& command);
  std::optional<Event> on_fc_unpublish(const Command& command);
  std::optional<Event> on_close_stream();
  std::optional<Event> on_play(const Command& command);
  std::optional<Event> on_pause(const Command& command);
  std::optional<Event> ignore();
  bool decide(Decision decision);
  void acknowledge();
  void keep_unread();
  Error fail(Error error);

  SessionLimits limits_;
  ChunkParser parser_;
  std::vector<uint8_t> output_;
  size_t sent_ = 0;  // bytes of `output_`
  ChunkWriter writer_{output_};
  std::unique_ptr<ServerHandshake> handshake_;  // until it is done
  std::optional<std::array<uint8_t, 4>> address_;

  Bytes input_;                   // fed, and not lent to the parser yet
  std::vector<uint8_t> backlog_;  // kept while a decision was awaited; before `input_`
  bool backlog_lent_ = false;     // the parser reads it

  Role role_ = Role::kConnecting;
  Decision decision_ = Decision::kNone;
  double connect_transaction_id_ = 0;
  double object_encoding_ = 0;
  bool stream_released_ = false;  // releaseStream came
  bool stream_created_ = false;   // createStream came
  PublishForm form_ = PublishForm::kFlash;
  std::optional<Event> next_;  // follows the event that was returned last
  std::optional<AggregateReader> aggregate_;

  uint64_t received_bytes_ = 0;
  uint64_t acknowledged_bytes_ = 0;
  uint32_t ack_window_bytes_ = 0;  // 0: no acknowledgements
  bool ack_window_fixed_ = false;  // by our configuration
  uint64_t ignored_messages_ = 0;
  uint64_t malformed_aggregates_ = 0;
  std::optional<Error> error_;
};

}  // namespace millrace::rtmp
