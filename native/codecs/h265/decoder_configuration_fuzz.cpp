// A record that parses must write to bytes that parse to the same, and a track must be made of it.
#include <cstdlib>

#include "codecs/codec_string.hpp"
#include "codecs/h265/decoder_configuration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  const auto track = h265::make_track(bytes);
  const auto parsed = h265::DecoderConfiguration::parse(bytes);
  if (track.ok() != parsed.ok()) {
    std::abort();
  }
  if (!parsed) {
    return 0;
  }
  std::vector<uint8_t> written(parsed->size());
  ByteWriter writer(written);
  parsed->write_to(writer);
  const auto again = h265::make_track(writer.written());
  if (!again || codec_string(**again) != codec_string(**track) ||
      (*again)->parameter_sets.size() != (*track)->parameter_sets.size()) {
    std::abort();
  }
  return 0;
}
