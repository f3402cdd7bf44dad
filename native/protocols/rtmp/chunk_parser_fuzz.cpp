#include <algorithm>
#include <cstdlib>
#include <vector>

#include "protocols/rtmp/chunk_parser.hpp"
#include "protocols/rtmp/chunk_writer.hpp"

namespace {

using millrace::Bytes;
using millrace::rtmp::ChunkLimits;
using millrace::rtmp::ChunkParser;

constexpr ChunkLimits kLimits{.max_message_bytes = 8192,
                              .max_amf_bytes = 4096,
                              .max_unfinished_bytes = 32768,
                              .max_chunk_streams = 8};

/// Parses in steps; hands each message to `take`.
template <typename Take>
void parse(Bytes bytes, size_t step, Take&& take) {
  ChunkParser parser(kLimits);
  for (size_t at = 0; at < bytes.size(); at += step) {
    // A copy of its own size, so that a read behind the lent bytes is seen.
    const Bytes part = bytes.subspan(at, std::min(step, bytes.size() - at));
    const std::vector<uint8_t> lent(part.begin(), part.end());
    parser.feed(lent);
    for (;;) {
      const auto message = parser.poll();
      if (!message.ok()) {
        return;
      }
      if (parser.held_bytes() > 2 * kLimits.max_unfinished_bytes + (size_t{512} << 10)) {
        std::abort();
      }
      if (!message.value()) {
        break;
      }
      take(*message.value());
    }
  }
}

}  // namespace

// First byte: step size. No message may be over the limits, the cuts must not matter, and what came
// out must come out again when it is written.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const Bytes bytes = Bytes(data, size).subspan(1);
  std::vector<uint8_t> written;
  millrace::rtmp::ChunkWriter writer(written);
  size_t messages = 0;
  parse(bytes, 1 + data[0], [&](const millrace::rtmp::Message& message) {
    if (message.payload.size() > kLimits.max_message_bytes) {
      std::abort();
    }
    writer.message(message, message.payload);
    ++messages;
  });
  size_t in_one_step = 0;
  parse(bytes, size, [&](const millrace::rtmp::Message&) { ++in_one_step; });
  size_t again = 0;
  parse(written, 1 + data[0], [&](const millrace::rtmp::Message&) { ++again; });
  if (in_one_step != messages || again != messages) {
    std::abort();
  }
  return 0;
}
