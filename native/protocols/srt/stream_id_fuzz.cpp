// What is read has a stream, and written in standard form it is read as the same.
#include <cstdlib>

#include "protocols/srt/stream_id.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto id = srt::StreamId::parse({reinterpret_cast<const char*>(data), size}, {});
  if (!id) {
    return 0;
  }
  if (id->stream.empty() || id->stream.find('/') != std::string::npos) {
    std::abort();
  }
  const std::string text = id->to_string();
  if (text.find_first_of("?") != std::string::npos || text.size() > srt::StreamId::kMaxBytes ||
      id->param.find(',') != std::string::npos) {
    return 0;  // a short form may hold what the standard form separates with
  }
  const auto again = srt::StreamId::parse(text, {});
  if (again && again->mode != id->mode) {
    std::abort();
  }
  return 0;
}
