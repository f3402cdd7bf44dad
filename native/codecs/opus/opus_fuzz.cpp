// The same bytes as an OpusHead, which must write back as it is, and as a packet.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "codecs/opus/identification_header.hpp"
#include "codecs/opus/packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  if (const auto duration = opus::packet_duration(bytes); duration && *duration > 5760) {
    std::abort();
  }
  const auto header = opus::IdentificationHeader::parse(bytes);
  if (!header) {
    return 0;
  }
  std::vector<uint8_t> written(header->size());
  ByteWriter writer(written);
  header->write_to(writer);
  const size_t after_version = 9;  // the version is written as 1, whichever came
  if (written.size() > size ||
      !std::equal(written.begin() + after_version, written.end(), bytes.begin() + after_version)) {
    std::abort();
  }
  return 0;
}
