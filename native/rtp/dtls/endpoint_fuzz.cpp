#include <algorithm>

#include "rtp/dtls/endpoint.hpp"

// Datagrams of a stranger, each with its length before it: nothing but the association itself may
// suffer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const dtls::Certificate certificate;
  dtls::Endpoint endpoint(
      certificate,
      size != 0 && data[0] % 2 == 0 ? dtls::Endpoint::Role::kServer : dtls::Endpoint::Role::kClient,
      {});
  const Time now{};
  endpoint.start(now);
  for (size_t at = 1; at + 2 <= size;) {
    const size_t length = std::min<size_t>(size - at - 2, size_t{data[at]} << 8 | data[at + 1]);
    endpoint.receive({data + at + 2, length}, now);
    at += 2 + length;
    while (!endpoint.poll_output().empty()) {
    }
  }
  return 0;
}
