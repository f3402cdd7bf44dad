#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "protocols/rtmp/aggregate.hpp"
#include "protocols/rtmp/chunk_parser.hpp"
#include "protocols/rtmp/chunk_writer.hpp"
#include "protocols/rtmp/command.hpp"
#include "protocols/rtmp/handshake.hpp"
#include "protocols/rtmp/session_events.hpp"

namespace millrace::rtmp {

/// What a client asks a server for.
struct ClientOptions {
  enum class Purpose : uint8_t { kPublish, kPlay };
  Purpose purpose = Purpose::kPlay;
  std::string tc_url;  // rtmp://host[:port]/app
  std::string app;
  std::string stream;  // with its query
  std::string page_url;
  std::string swf_url;
  std::string flash_ver = "FMLE/3.0 (compatible; FMSc/1.0)";
  /// Optional arguments of connect, as SRS's edge sends them; left out when empty.
  std::vector<AmfProperty> connect_arguments;
  uint32_t chunk_size = 60000;  // of what we send
  ClientHandshake::Form handshake = ClientHandshake::Form::kDigest;
};

/// The server lets us publish, or plays.
struct Started {};
/// onStatus or _error: a refusal ends the session with kRtmpPeerRefused right after this event.
struct ServerStatus {
  std::string level;
  std::string code;
  std::string description;
  /// Where the stream is instead; empty when the server does not redirect.
  std::string redirect_url;
};
/// What a ClientSession reports. The stream's end comes as a ServerStatus.
using ClientEvent = std::variant<Started, ServerStatus, MediaMessage>;

/// One RTMP connection, seen from the client: for relays, and the other side of ServerSession in
/// tests. Has no socket, clock, thread or log. Source: RTMP 1.0.
///
/// The rule of use is that of ServerSession: feed(), poll() until nullopt, send pending_output().
class ClientSession {
 public:
  ClientSession(ClientOptions options, const ChunkLimits& limits, uint64_t random_seed);

  /// Lends the next bytes, cut anywhere. They must stay until poll() has returned nullopt or an
  /// error.
  void feed(Bytes bytes);

  /// @return the next event, or nullopt when all fed bytes are read.
  /// Errors end the connection: those of ClientHandshake, ChunkParser and Amf0Reader, and
  /// kRtmpPeerRefused.
  [[nodiscard]] Result<std::optional<ClientEvent>> poll();

  [[nodiscard]] Bytes pending_output() const { return Bytes(output_).subspan(sent_); }
  void consume_output(size_t size);

  /// After Started, when publishing: adds a message to pending_output().
  void write_media(MessageType type, uint32_t timestamp_ms, Bytes payload);
  /// Ends the stream: FCUnpublish and deleteStream. The caller sends pending_output() and closes.
  void stop();
  void send_ping(uint32_t timestamp_ms);

  [[nodiscard]] bool started() const { return state_ == State::kStarted; }
  [[nodiscard]] uint64_t received_bytes() const { return received_bytes_; }

 private:
  enum class State : uint8_t { kHandshake, kConnecting, kCreating, kStarting, kStarted, kStopped };
  using Polled = Result<std::optional<ClientEvent>>;

  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  Polled next_event();
  Result<bool> shake_hands();
  Polled handle(const Message& message);
  Polled handle_command(const Command& command);
  Polled handle_status(const AmfValue& info);
  void handle_control(const Message& message);
  void send_connect();
  void send_create_stream();
  void send_start();
  void send_command(const std::vector<uint8_t>& payload, uint32_t stream_id);
  void acknowledge();

  ClientOptions options_;
  ChunkParser parser_;
  ClientHandshake handshake_;
  std::vector<uint8_t> output_;
  size_t sent_ = 0;
  ChunkWriter writer_{output_};
  Bytes input_;
  State state_ = State::kHandshake;
  uint32_t stream_id_ = kMediaStreamId;
  bool refused_ = false;  // reported, and the next poll() says so
  std::optional<AggregateReader> aggregate_;
  uint64_t received_bytes_ = 0;
  uint64_t acknowledged_bytes_ = 0;
  uint32_t ack_window_bytes_ = 0;
  std::optional<Error> error_;
};

}  // namespace millrace::rtmp
