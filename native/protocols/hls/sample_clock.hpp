#pragma once

#include <cstdint>

#include "media/frame.hpp"
#include "media/media_time.hpp"

namespace millrace::hls {

/// Audio times from the count of samples, for `hls_dts_directly off`: smooth where the publisher's
/// times are rounded to milliseconds. Starts anew when the two drift further apart than 100 ms,
/// which means that frames are missing.
class SampleClock {
 public:
  /// @return the frame's time; its own when the length of frames is not known.
  [[nodiscard]] MediaTime next(const Frame& frame) {
    const AudioParameters& audio = frame.track->audio;
    if (audio.sample_rate == 0 || audio.samples_per_frame == 0) {
      return frame.dts;
    }
    MediaTime time = base_ + from_ticks(samples_, audio.sample_rate);
    const MediaTime drift = frame.dts > time ? frame.dts - time : time - frame.dts;
    if (!started_ || audio.sample_rate != sample_rate_ || drift > kLargestDrift) {
      started_ = true;
      sample_rate_ = audio.sample_rate;
      base_ = frame.dts;
      samples_ = 0;
      time = base_;
    }
    samples_ += audio.samples_per_frame;
    return time;
  }
  void reset() { started_ = false; }

 private:
  static constexpr MediaTime kLargestDrift = std::chrono::milliseconds(100);

  bool started_ = false;
  uint32_t sample_rate_ = 0;
  MediaTime base_{0};
  int64_t samples_ = 0;
};

}  // namespace millrace::hls
