#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "protocols/http/websocket_frame.hpp"

namespace millrace::http {

/// What a viewer of a live stream sends over its WebSocket: control frames, and now and then a
/// keep-alive text that changes nothing. RFC 6455 §5.5. Has no socket or clock.
class WebSocketReader {
 public:
  enum class Event : uint8_t {
    kMore,   // more bytes are needed
    kPong,   // pong() is to be sent
    kClose,  // the viewer closes, and is to be answered
  };

  /// Adds the next bytes of the connection, cut anywhere.
  void feed(Bytes bytes) { parser_.feed(bytes); }
  /// Errors end the connection: those of WebSocketFrameParser::poll().
  [[nodiscard]] Result<Event> poll(Time now);
  /// A whole frame; valid until the next poll().
  [[nodiscard]] Bytes pong() const { return pong_; }

 private:
  static constexpr uint64_t kMaxMessageBytes = 64 << 10;

  WebSocketFrameParser parser_{kMaxMessageBytes};
  std::vector<uint8_t> pong_;
  unsigned pongs_ = 0;  // in the second that began at pongs_since_
  Time pongs_since_{};
};

}  // namespace millrace::http
