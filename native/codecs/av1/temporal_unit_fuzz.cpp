// Taking the delimiters out must leave exactly the other OBUs, once and for all.
#include <cstdlib>
#include <vector>

#include "codecs/av1/codec_configuration.hpp"
#include "codecs/av1/temporal_unit.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  const auto unit = av1::TemporalUnit::inspect(bytes);
  if (!unit) {
    return 0;
  }
  std::vector<uint8_t> room(size - unit->delimiter_bytes);
  ByteWriter writer(room);
  av1::copy_without_delimiters(bytes, writer);
  const auto again = av1::TemporalUnit::inspect(writer.written());
  if (writer.size() != room.size() || !again || again->delimiter_bytes != 0 ||
      again->has_key_frame != unit->has_key_frame) {
    std::abort();
  }
  (void)av1::make_track_from_sequence_header(unit->sequence_header);
  return 0;
}
