#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"

namespace millrace::http {

/// Source: RFC 6455 §5.2.
enum class WebSocketOpcode : uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xa,
};

/// Source: RFC 6455 §7.4.1.
enum class WebSocketStatus : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kTooLarge = 1009,
  kInternalError = 1011,
};

/// One frame from a client, unmasked. `payload` points into the parser and is valid until the next
/// feed() or poll().
struct WebSocketFrame {
  WebSocketOpcode opcode;
  bool final;
  std::span<const uint8_t> payload;

  /// Status of a close frame; kNormal when it carries none.
  [[nodiscard]] uint16_t close_status() const;
};

/// Cuts a client's bytes into WebSocket frames. Has no socket, clock, thread or log.
/// Source: RFC 6455 §5. Refused: frames without mask, reserved bits and opcodes, control frames
/// that are fragmented or over 125 bytes, continuations out of order, lengths that are not minimal,
/// malformed close payloads.
class WebSocketFrameParser {
 public:
  /// @param max_message_bytes  longest message, over all its fragments. Memory grows with what
  /// arrives, not with what a header declares.
  explicit WebSocketFrameParser(uint64_t max_message_bytes);

  void feed(Bytes bytes);

  /// @return the next whole frame, or nullopt when more bytes are needed.
  /// Errors end the connection: kWebsocketUnmasked, kWebsocketFrameMalformed,
  /// kWebsocketFrameTooLarge.
  [[nodiscard]] Result<std::optional<WebSocketFrame>> poll();

 private:
  [[nodiscard]] Result<std::optional<WebSocketFrame>> fail(ErrorCode code);

  const uint64_t max_message_bytes_;
  std::vector<uint8_t> input_;
  size_t at_ = 0;
  uint64_t message_bytes_ = 0;  // of the fragments so far
  bool in_message_ = false;     // a fragmented message has begun
  std::optional<ErrorCode> failed_;
};

/// Status to close with after an error of the parser.
[[nodiscard]] WebSocketStatus close_status_of(ErrorCode code);

/// Room for the longest header that a server sends (no mask).
constexpr size_t kWebSocketHeadRoom = 10;
/// Writes the header of one whole, unmasked message.
/// @return bytes written. Source: RFC 6455 §5.2.
size_t write_websocket_head(std::span<uint8_t, kWebSocketHeadRoom> room, WebSocketOpcode opcode,
                            uint64_t payload_bytes);

/// A close frame with its status.
[[nodiscard]] std::array<uint8_t, 4> websocket_close_frame(WebSocketStatus status);

}  // namespace millrace::http
