// First byte: step size. Whatever the cuts, no tag may be longer than the limit.
#include <algorithm>
#include <cstdlib>

#include "formats/flv/tag_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::flv::TagParser parser(4096);
  for (size_t at = 1, step = 0; at < size; at += step) {
    step = std::min<size_t>(size - at, 1U + data[0]);
    parser.feed({data + at, step});
    for (auto tag = parser.poll(); tag && *tag; tag = parser.poll()) {
      if ((*tag)->body.size() > 4096) {
        std::abort();
      }
    }
  }
  return 0;
}
