// A record that parses must write to bytes that parse to the same, and a track must be made of it.
#include <algorithm>
#include <cstdlib>

#include "codecs/codec_string.hpp"
#include "codecs/h264/decoder_configuration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  const auto track = h264::make_track(bytes);
  const auto parsed = h264::DecoderConfiguration::parse(bytes);
  if (track.ok() != parsed.ok()) {
    std::abort();
  }
  if (!parsed) {
    return 0;
  }
  if (codec_string(**track).size() != 11) {
    std::abort();
  }
  std::vector<uint8_t> written(parsed->size());
  ByteWriter writer(written);
  parsed->write_to(writer);
  const auto again = h264::DecoderConfiguration::parse(writer.written());
  if (!again || again->sps.size() != parsed->sps.size() ||
      again->pps.size() != parsed->pps.size() ||
      !std::ranges::equal(again->extension, parsed->extension)) {
    std::abort();
  }
  (void)h264::make_track(parsed->sps, parsed->pps);
  return 0;
}
