#pragma once

#include <memory>
#include <string>
#include <vector>

#include "av_handles.hpp"
#include "transcode/audio_library.h"

namespace millrace::transcode {

/// A libavcodec decoder with a libswresample resampler behind it; see decoder_* of audio_library.h.
class Decoder {
 public:
  static std::unique_ptr<Decoder> open(const MillraceAudioFormat& input, int32_t output_rate,
                                       int32_t output_channels, std::string& error);
  int32_t decode(const uint8_t* data, size_t size, const float** samples, int32_t* pending);
  int32_t stretch(int32_t samples, int32_t distance);

 private:
  Decoder() = default;
  int32_t append(const AVFrame& frame);
  int open_resampler(const AVFrame& frame);

  CodecContextPtr context_;
  PacketPtr packet_;
  FramePtr frame_;
  ResamplerPtr resampler_;
  std::vector<uint8_t> input_;
  std::vector<float> output_;
  int32_t output_rate_ = 0;
  AVChannelLayout output_layout_ = {};
  // What the resampler was opened for: a stream may change it in its middle (HE-AAC, Opus).
  int input_rate_ = 0;
  int input_format_ = -1;
  AVChannelLayout input_layout_ = {};
};

}  // namespace millrace::transcode
