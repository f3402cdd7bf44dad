// A record that parses must write to bytes that give the same track.
#include <cstdlib>
#include <vector>

#include "codecs/av1/codec_configuration.hpp"
#include "codecs/codec_string.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  (void)av1::SequenceHeader::parse(bytes);
  const auto track = av1::make_track(bytes);
  const auto parsed = av1::CodecConfiguration::parse(bytes);
  if (track.ok() != parsed.ok()) {
    std::abort();
  }
  if (!parsed) {
    return 0;
  }
  std::vector<uint8_t> written(parsed->size());
  ByteWriter writer(written);
  parsed->write_to(writer);
  const auto again = av1::make_track(writer.written());
  if (!again || codec_string(**again) != codec_string(**track) ||
      (*again)->video.width != (*track)->video.width) {
    std::abort();
  }
  return 0;
}
