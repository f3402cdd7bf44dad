// The same bytes as the heads of the audio codecs that need no configuration, and of FLAC.
#include <cstdlib>

#include "codecs/ac3/syncframe.hpp"
#include "codecs/flac/stream_info.hpp"
#include "codecs/mp3/frame_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  const auto mp3 = mp3::FrameHeader::parse(bytes);
  if (mp3 && (mp3->sample_rate < 8000 || mp3->frame_size > 8192)) {
    std::abort();
  }
  const auto ac3 = ac3::Syncframe::parse(bytes);
  if (ac3 && (ac3->sample_rate < 16000 || ac3->channels == 0 || ac3->channels > 6)) {
    std::abort();
  }
  if (const auto flac = flac::StreamInfo::parse(bytes); flac && flac->sample_rate == 0) {
    std::abort();
  }
  return 0;
}
