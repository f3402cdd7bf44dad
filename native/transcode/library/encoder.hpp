#pragma once

#include <memory>
#include <string>
#include <vector>

#include "av_handles.hpp"
#include "transcode/audio_library.h"

namespace millrace::transcode {

/// A libavcodec encoder; see encoder_* of audio_library.h.
class Encoder {
 public:
  static std::unique_ptr<Encoder> open(const MillraceAudioFormat& output, std::string& error);
  [[nodiscard]] int32_t frame_samples() const { return frame_samples_; }
  int32_t encode(const float* samples, int64_t position, const uint8_t** data, size_t* size,
                 int64_t* packet_position);

 private:
  Encoder() = default;
  void fill(const float* samples);

  CodecContextPtr context_;
  PacketPtr packet_;
  FramePtr frame_;
  int32_t frame_samples_ = 0;
};

}  // namespace millrace::transcode
