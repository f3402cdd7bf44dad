// A payload that is taken writes back to the same bytes, its blocks are all of it, and giving them
// another payload type changes nothing else.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "rtp/packet/red.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto red = rtp::RedPayload::parse(Bytes(data, size));
  if (!red) {
    return 0;
  }
  std::vector<uint8_t> again(red->size());
  ByteWriter writer(again);
  red->write_to(writer);
  if (!std::ranges::equal(again, Bytes(data, size))) {
    std::abort();
  }
  rtp::RedPayload::set_block_payload_types(again, 111);
  const auto changed = rtp::RedPayload::parse(again);
  if (!changed || changed->blocks().size() != red->blocks().size()) {
    std::abort();
  }
  for (size_t i = 0; i < red->blocks().size(); ++i) {
    const auto& before = red->blocks()[i];
    const auto& after = changed->blocks()[i];
    if (after.payload_type != 111 || after.timestamp_offset != before.timestamp_offset ||
        !std::ranges::equal(after.data, before.data)) {
      std::abort();
    }
  }
  return 0;
}
