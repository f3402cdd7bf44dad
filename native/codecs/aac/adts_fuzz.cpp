// A header that parses must write to one that parses to the same.
#include <array>
#include <cstdlib>

#include "codecs/aac/adts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto header = aac::AdtsHeader::parse({data, size});
  if (!header) {
    return 0;
  }
  std::array<uint8_t, aac::AdtsHeader::kSize> written{};
  ByteWriter writer(written);
  header->write_to(writer);
  const auto again = aac::AdtsHeader::parse(writer.written());
  if (header->frame_size <= header->header_size || !again ||
      again->frame_size != header->frame_size || again->object_type != header->object_type ||
      again->sampling_frequency_index != header->sampling_frequency_index ||
      again->channel_configuration != header->channel_configuration) {
    std::abort();
  }
  return 0;
}
