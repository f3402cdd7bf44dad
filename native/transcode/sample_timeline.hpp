#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "media/media_time.hpp"
#include "transcode/concealment.hpp"

namespace millrace::transcode {

/// What had to be mended of a track's times.
struct TimelineRepairs {
  uint64_t gaps = 0;      // samples were missing and were made up
  uint64_t overlaps = 0;  // samples were too many and were left out
  uint64_t jumps = 0;     // too much was missing: time goes on elsewhere
};

/// Puts decoded samples on one sample clock and cuts them into the encoder's frames. Frame follows
/// frame to the sample; only a jump of more than half a second shows in the times that come out.
///
/// The times of the input say where its samples belong. They come rounded (RTMP: to a millisecond)
/// and from a clock that is not quite ours, so a small difference is kept and averaged: what
/// remains of it is asked for as a stretch. A larger one is a gap, which is concealed, or an
/// overlap, which is left out. Sans-IO.
class SampleTimeline {
 public:
  struct Options {
    uint32_t rate = 48'000;
    uint32_t channels = 2;
    uint32_t frame_samples = 960;
  };
  explicit SampleTimeline(const Options& options);

  /// From which difference on samples are missing or too many. As fine as the times of the codec's
  /// usual transport are: RTP's are exact, those of RTMP are rounded and often worse.
  void set_tolerance(MediaTime tolerance);

  /// Samples of the next input frame.
  /// @param at  time of the frame's first sample.
  /// @param pending  samples of this frame that the resampler still holds back.
  void add(std::span<const float> samples, MediaTime at, uint32_t pending);

  struct Block {
    std::span<const float> samples;  // frame_samples per channel, until the next call
    int64_t position;                // of the first one, on a clock of `rate` Hz
  };
  /// The next whole frame; call until there is none.
  std::optional<Block> poll();

  /// How many samples more (or fewer) the resampler is to make of the next second, so that clocks
  /// that run apart stay together; 0 nearly always. Asked once after each `add`.
  int32_t take_stretch();

  [[nodiscard]] const TimelineRepairs& repairs() const { return repairs_; }

 private:
  void append(std::span<const float> samples);
  void append_crossfaded(std::span<const float> samples);
  void fill_gap(int64_t missing);
  void jump_to(int64_t position);
  void start_at(int64_t position);

  const Options options_;
  Concealment concealment_;
  int64_t tolerance_ = 0;    // samples
  std::vector<float> fifo_;  // interleaved, from `head_` on
  size_t head_ = 0;
  bool started_ = false;
  int64_t head_position_ = 0;  // of the sample at `head_`
  int64_t next_position_ = 0;  // of the sample that is appended next
  uint32_t pending_ = 0;
  // After a jump: from this index of `fifo_` on, positions count from `jump_position_`.
  std::optional<size_t> jump_index_;
  int64_t jump_position_ = 0;
  size_t fade_in_left_ = 0;         // samples per channel
  std::vector<float> made_;         // scratch
  std::vector<float> cross_fade_;   // made-up samples that the next real ones grow out of
  double drift_ = 0;                // averaged difference, samples
  int64_t stretch_not_before_ = 0;  // position
  TimelineRepairs repairs_;
};

}  // namespace millrace::transcode
