#include <algorithm>
#include <cstdlib>

#include "protocols/http/request_parser.hpp"

// First byte: step size. Whatever the cuts, heads and bodies keep to their limits, paths are
// normal, and the parser ends each request that it begins before it begins another.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::http::RequestEvent;
  millrace::http::RequestLimits limits;
  limits.target_bytes = 256;
  limits.head_bytes = 2048;
  limits.header_count = 16;
  limits.body_bytes = 1024;
  millrace::http::RequestParser parser(limits);
  bool in_body = false;
  uint64_t body_bytes = 0;
  for (size_t at = 1, step = 0; at < size; at += step) {
    step = std::min<size_t>(size - at, 1 + data[0]);
    parser.feed({data + at, step});
    for (auto event = parser.poll(); event.ok() && *event; event = parser.poll()) {
      const auto& request = parser.request();
      switch ((*event)->kind) {
        case RequestEvent::Kind::kHead:
          if (in_body || request.headers.size() > limits.header_count || request.path.empty() ||
              request.path.find("/../") != std::string_view::npos ||
              request.path.ends_with("/..") || request.path.find("//") != std::string_view::npos) {
            std::abort();
          }
          in_body = true;
          body_bytes = 0;
          break;
        case RequestEvent::Kind::kBody:
          body_bytes += (*event)->body.size();
          if (!in_body || (*event)->body.empty() || body_bytes > limits.body_bytes) {
            std::abort();
          }
          break;
        case RequestEvent::Kind::kComplete:
          if (!in_body || (request.content_length && *request.content_length != body_bytes)) {
            std::abort();
          }
          in_body = false;
          break;
      }
    }
    if (parser.buffered_bytes() > limits.head_bytes + 512 && parser.poll().ok()) {
      std::abort();
    }
  }
  return 0;
}
