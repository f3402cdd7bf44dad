#include "protocols/http/websocket_reader.hpp"

#include <array>

namespace millrace::http {

namespace {

// RFC 6455 §5.5.3 allows to answer only some of many pings.
constexpr unsigned kMaxPongsPerSecond = 8;

}  // namespace

Result<WebSocketReader::Event> WebSocketReader::poll(Time now) {
  for (;;) {
    const auto frame = parser_.poll();
    if (!frame.ok()) {
      return frame.error();
    }
    if (!*frame) {
      return Event::kMore;
    }
    if ((*frame)->opcode == WebSocketOpcode::kClose) {
      return Event::kClose;
    }
    if ((*frame)->opcode != WebSocketOpcode::kPing) {
      continue;
    }
    if (now - pongs_since_ >= seconds(1)) {
      pongs_since_ = now;
      pongs_ = 0;
    }
    if (pongs_++ < kMaxPongsPerSecond) {
      const Bytes payload = (*frame)->payload;
      std::array<uint8_t, kWebSocketHeadRoom> head;
      const size_t size = write_websocket_head(head, WebSocketOpcode::kPong, payload.size());
      pong_.assign(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(size));
      pong_.insert(pong_.end(), payload.begin(), payload.end());
      return Event::kPong;
    }
  }
}

}  // namespace millrace::http
