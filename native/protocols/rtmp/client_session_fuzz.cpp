#include <algorithm>
#include <cstdlib>
#include <vector>

#include "protocols/rtmp/client_session.hpp"

// First byte: publish or play; second: step size. The rest is what a server sends after a handshake
// that is already done: whatever it is, a refusal is the session's last word.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::Bytes;
  using millrace::rtmp::ClientOptions;
  using millrace::rtmp::ClientSession;
  using millrace::rtmp::MessageType;
  if (size < 2) {
    return 0;
  }
  ClientOptions options;
  options.purpose =
      (data[0] & 1U) != 0 ? ClientOptions::Purpose::kPublish : ClientOptions::Purpose::kPlay;
  options.stream = "stream";
  options.handshake = millrace::rtmp::ClientHandshake::Form::kPlain;
  ClientSession session(options, {.max_message_bytes = 1U << 16, .max_unfinished_bytes = 1U << 17},
                        1);

  std::vector<uint8_t> handshake(1 + 2 * millrace::rtmp::kHandshakeBytes);
  handshake[0] = millrace::rtmp::kRtmpVersion;
  session.feed(handshake);
  if (!session.poll().ok()) {
    std::abort();
  }
  const Bytes bytes = Bytes(data, size).subspan(2);
  const size_t step = 1U + data[1];
  for (size_t at = 0; at < bytes.size(); at += step) {
    const Bytes part = bytes.subspan(at, std::min(step, bytes.size() - at));
    const std::vector<uint8_t> lent(part.begin(), part.end());
    session.feed(lent);
    for (;;) {
      const auto event = session.poll();
      if (!event.ok()) {
        if (session.poll().ok()) {
          std::abort();
        }
        return 0;
      }
      session.consume_output(session.pending_output().size());
      if (!event.value()) {
        break;
      }
      if (session.started() && (data[0] & 2U) != 0) {
        session.write_media(MessageType::kAudio, 1, lent);
      }
      if ((data[0] & 4U) != 0) {
        session.stop();
      }
    }
  }
  return 0;
}
