// The same bytes as a VP9 frame, a VP8 frame and a vpcC. What a key frame says makes a record that
// parses.
#include <cstdlib>

#include "codecs/codec_string.hpp"
#include "codecs/vp8/frame_header.hpp"
#include "codecs/vp9/codec_configuration.hpp"
#include "codecs/vp9/frame_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const Bytes bytes(data, size);
  (void)vp8::FrameHeader::parse(bytes);
  if (const auto record = vp9::make_track(CodecId::kVp8, bytes);
      record && codec_string(**record).empty()) {
    std::abort();
  }
  const auto frame = vp9::FrameHeader::parse(bytes);
  if (frame && frame->is_key_frame) {
    const auto track = vp9::make_track(*frame);
    if (!vp9::make_track(CodecId::kVp9, track->configuration->bytes())) {
      std::abort();
    }
  }
  return 0;
}
