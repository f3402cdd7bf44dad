#include "protocols/hls/cut_rules.hpp"

#include <algorithm>

namespace millrace::hls {
namespace {

// Of each segment that the numbers are ahead of the clock, this part is made good per segment.
constexpr double kFloorCorrection = 0.3;
// Further apart than this the clock was set; the numbers jump after it.
constexpr int64_t kLargestFloorLag = 20;

MediaTime scale(MediaTime time, double ratio) {
  return MediaTime(static_cast<int64_t>(static_cast<double>(time.count()) * ratio));
}

}  // namespace

CutRules CutRules::of_segment(const Options& options, uint64_t index, bool has_video,
                              MediaTime deviation) {
  MediaTime fragment = options.fragment;
  if (!options.timestamp_floor && options.first_fragment > MediaTime{0}) {
    // Doubling reaches any sensible fragment within 20 steps.
    const MediaTime ramp = options.first_fragment * (int64_t{1} << std::min<uint64_t>(index, 20));
    fragment = std::min(fragment, ramp);
  }
  CutRules rules;
  rules.wait_keyframe = options.wait_keyframe;
  rules.target = scale(fragment, options.target_duration_ratio) + deviation;
  // With video an early cut by audio would begin the next segment in the middle of a GOP.
  rules.audio_overflow =
      scale(has_video ? options.fragment : fragment, options.audio_overflow_ratio) + deviation;
  rules.limit = std::max(10 * options.target_duration(), kLongestWaitForKeyFrame);
  return rules;
}

bool CutRules::cut_before(TrackKind kind, bool random_access, MediaTime duration,
                          size_t segment_bytes) const {
  if (duration < kShortestCut) {
    return false;
  }
  if (duration >= limit || segment_bytes >= kLargestSegmentBytes) {
    return true;
  }
  if (kind == TrackKind::kAudio) {
    return duration >= audio_overflow;
  }
  return duration >= target && (random_access || !wait_keyframe);
}

bool is_length_plausible(const Options& options, MediaTime duration) {
  return duration >= kShortestKept && duration <= kAbsurdTargets * options.target_duration();
}

int64_t FloorClock::begin_segment(std::chrono::system_clock::time_point now,
                                  microseconds fragment) {
  const auto since_epoch = std::chrono::floor<microseconds>(now.time_since_epoch());
  const int64_t clock = since_epoch / std::max(fragment, microseconds(1));
  number_ = started_ ? number_ + 1 : clock - 1;
  if (number_ - clock > kLargestFloorLag || clock - number_ > kLargestFloorLag) {
    number_ = clock - 1;
  }
  ahead_ = number_ - clock;
  started_ = true;
  return number_;
}

MediaTime FloorClock::deviation(microseconds fragment) const {
  return scale(fragment, kFloorCorrection * static_cast<double>(ahead_));
}

}  // namespace millrace::hls
