#include <array>
#include <cstdlib>

#include "rtp/stun/message.hpp"

// Whatever the bytes: no answer is longer than its room, and an answer can be read.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto message = stun::Message::parse({data, size});
  if (!message.ok()) {
    return 0;
  }
  (void)message->is_authentic("password");
  (void)stun::split_username(message->username);
  std::array<uint8_t, stun::kMaxAnswerSize> room{};
  const stun::TransportAddress from{{0x20, 0x01}, true, 9};
  for (const size_t written : {stun::write_binding_success(*message, from, "password", room),
                               stun::write_binding_error(*message, 420, "password", room)}) {
    if (written > room.size()) {
      std::abort();
    }
  }
  const auto answer = stun::Message::parse(
      Bytes(room).first(stun::write_binding_success(*message, from, "password", room)));
  if (!answer.ok() || !answer->is_authentic("password")) {
    std::abort();
  }
  return 0;
}
