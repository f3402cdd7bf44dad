#include <algorithm>
#include <cstdlib>

#include "protocols/http/websocket_frame.hpp"

// First byte: step size. No message is over the limit, no control frame over 125 bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::http::WebSocketOpcode;
  constexpr uint64_t kLimit = 512;
  millrace::http::WebSocketFrameParser parser(kLimit);
  uint64_t message_bytes = 0;
  for (size_t at = 1, step = 0; at < size; at += step) {
    step = std::min<size_t>(size - at, 1 + data[0]);
    parser.feed({data + at, step});
    for (auto frame = parser.poll(); frame.ok() && *frame; frame = parser.poll()) {
      const bool control = (static_cast<uint8_t>((*frame)->opcode) & 8) != 0;
      if (control) {
        if ((*frame)->payload.size() > 125 || !(*frame)->final) {
          std::abort();
        }
        continue;
      }
      message_bytes += (*frame)->payload.size();
      if (message_bytes > kLimit) {
        std::abort();
      }
      message_bytes = (*frame)->final ? 0 : message_bytes;
    }
  }
  return 0;
}
