#pragma once

#include <cstddef>
#include <cstdint>

#include "media/codec_id.hpp"
#include "media/media_time.hpp"
#include "protocols/hls/options.hpp"

namespace millrace::hls {

/// A segment shorter than this is never cut, whatever the encoder's key frame interval.
constexpr MediaTime kShortestCut = std::chrono::milliseconds(200);
/// A segment that turns out shorter is thrown away and its sequence number used again.
constexpr MediaTime kShortestKept = std::chrono::milliseconds(100);
/// Longer than this many target durations can only be broken timestamps.
constexpr int64_t kAbsurdTargets = 3000;
/// A segment ends here even without a key frame, or a stream that never sends one would fill
/// memory.
constexpr size_t kLargestSegmentBytes = size_t{128} << 20;
constexpr MediaTime kLongestWaitForKeyFrame = std::chrono::seconds(60);

/// When the present segment may end. Made when it begins.
struct CutRules {
  MediaTime target{0};          // video frames cut from here on
  MediaTime audio_overflow{0};  // any audio frame cuts from here on
  MediaTime limit{0};           // any frame cuts from here on
  bool wait_keyframe = true;

  /// @param index      of the segment since publishing began; the first ones may be shorter.
  /// @param has_video  a stream without one needs no key frame, so its ramp holds for audio too.
  /// @param deviation  added to both lengths, for hls_ts_floor.
  [[nodiscard]] static CutRules of_segment(const Options& options, uint64_t index, bool has_video,
                                           MediaTime deviation);

  /// Does the segment end before this frame?
  /// @param duration  from the segment's first frame to this one.
  [[nodiscard]] bool cut_before(TrackKind kind, bool random_access, MediaTime duration,
                                size_t segment_bytes) const;
};

/// Is the finished segment to be listed, or thrown away?
[[nodiscard]] bool is_length_plausible(const Options& options, MediaTime duration);

/// hls_ts_floor: segments are numbered by the wall clock (its time divided by hls_fragment), one
/// after the other without gaps, and their lengths are bent so that the numbers keep up with the
/// clock.
class FloorClock {
 public:
  /// Call when a segment begins.
  /// @return its number, for [timestamp].
  int64_t begin_segment(std::chrono::system_clock::time_point now, microseconds fragment);

  /// How much longer than usual the segment should be; negative when the numbers lag behind the
  /// clock.
  [[nodiscard]] MediaTime deviation(microseconds fragment) const;

 private:
  bool started_ = false;
  int64_t number_ = 0;
  int64_t ahead_ = 0;  // of the clock, in segments
};

}  // namespace millrace::hls
