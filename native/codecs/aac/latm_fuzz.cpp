// LOAS frames, one behind the other. A payload is never longer than its element, and whatever is
// said to be a configuration fits the bound.
#include <cstdlib>

#include "codecs/aac/latm.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  aac::LatmReader reader;
  Bytes rest(data, size);
  while (rest.size() >= aac::LoasHeader::kSize) {
    const auto header = aac::LoasHeader::parse(rest);
    if (!header || header->frame_size > rest.size()) {
      rest = rest.subspan(1);
      continue;
    }
    const Bytes element =
        rest.subspan(aac::LoasHeader::kSize, header->frame_size - aac::LoasHeader::kSize);
    const auto read = reader.read(element);
    if (read && *read && (*read)->payload.size() > element.size()) {
      std::abort();
    }
    if (reader.configuration().size() > 64) {
      std::abort();
    }
    rest = rest.subspan(header->frame_size);
  }
  return 0;
}
