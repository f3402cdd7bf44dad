#include <algorithm>
#include <cstdlib>
#include <vector>

#include "protocols/rtmp/handshake.hpp"

namespace {

using millrace::Bytes;

template <typename Handshake>
void feed_in_steps(Handshake& handshake, Bytes bytes, size_t step) {
  for (size_t at = 0; at < bytes.size() && !handshake.done(); at += step) {
    const Bytes part = bytes.subspan(at, std::min(step, bytes.size() - at));
    const std::vector<uint8_t> lent(part.begin(), part.end());
    const auto taken = handshake.feed(lent);
    if (!taken.ok()) {
      return;
    }
    if (taken.value() > lent.size() || (taken.value() < lent.size() && !handshake.done())) {
      std::abort();
    }
  }
}

}  // namespace

// First two bytes: step size. Takes the rest as a client's bytes, and as a server's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const size_t step = 1U + (static_cast<size_t>(data[0]) << 8 | data[1]);
  const Bytes bytes = Bytes(data, size).subspan(2);
  millrace::rtmp::ServerHandshake server(1);
  feed_in_steps(server, bytes, step);
  if (server.done() && server.take_output().size() != 1 + 2 * millrace::rtmp::kHandshakeBytes) {
    std::abort();
  }
  millrace::rtmp::ClientHandshake client(millrace::rtmp::ClientHandshake::Form::kDigest, 1);
  feed_in_steps(client, bytes, step);
  return 0;
}
