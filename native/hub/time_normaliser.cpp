#include "hub/time_normaliser.hpp"

#include <algorithm>
#include <cstdlib>

namespace millrace {

namespace {

// Encoders start at zero or at a few frames; larger starts are a clock of their own and are moved
// to zero.
constexpr MediaTime kLargestPlainStart = std::chrono::seconds(5);
// A new clock starts a little above zero, since the other track's first frame may be earlier.
constexpr MediaTime kStartMargin = std::chrono::milliseconds(500);
// Steps up to here are what encoders and networks do; a longer one is a jump unless time really
// passed.
constexpr MediaTime kLargestStep = std::chrono::seconds(3);
constexpr MediaTime kLargestStepBack = std::chrono::seconds(1);
// A new publisher goes on so much after the last frame of the old one.
constexpr MediaTime kTakeOverGap = std::chrono::milliseconds(10);
constexpr MediaTime kLargestComposition = std::chrono::seconds(10);

MediaTime distance(MediaTime a, MediaTime b) { return a > b ? a - b : b - a; }

}  // namespace

MediaTime TimeNormaliser::unwrap(MediaTime raw) {
  if (wrap_ == MediaTime(0)) {
    return raw;
  }
  MediaTime value = raw + wrapped_;
  if (started_) {
    if (last_unwrapped_ - value > wrap_ / 2) {
      wrapped_ += wrap_;
      value += wrap_;
      ++repairs_.wraps;
    } else if (value - last_unwrapped_ > wrap_ / 2 && value >= wrap_) {
      value -= wrap_;  // a late frame of before the wrap
      return value;
    }
  }
  last_unwrapped_ = value;
  return value;
}

TimeNormaliser::Times TimeNormaliser::normalise(TrackKind kind, MediaTime raw_dts,
                                                MediaTime raw_pts, Time arrival) {
  TrackClock& track = tracks_[static_cast<size_t>(kind)];
  MediaTime composition = raw_pts - raw_dts;
  if (wrap_ != MediaTime(0)) {
    // The PTS may have wrapped although the DTS has not, or the other way round.
    if (composition > wrap_ / 2) {
      composition -= wrap_;
    } else if (composition < -wrap_ / 2) {
      composition += wrap_;
    }
  }
  if (distance(composition, MediaTime(0)) > kLargestComposition) {
    composition = MediaTime(0);
    ++repairs_.composition;
  }

  const MediaTime raw = unwrap(raw_dts);
  const bool first = !started_;
  if (first) {
    const MediaTime start = continue_after_             ? *continue_after_ + kTakeOverGap
                            : raw <= kLargestPlainStart ? raw
                                                        : kStartMargin;
    offset_ = start - raw;
    started_ = true;
  }
  if (!track.started) {
    track.offset = offset_;
    // A track that appears late belongs to the clock that is running; one whose clock is another is
    // put where the stream is now.
    if (!first && distance(raw + track.offset, latest_) > kLargestStep) {
      track.offset = latest_ - raw;
      ++repairs_.jumps;
    }
  } else {
    const MediaTime passed =
        std::max(MediaTime(0), std::chrono::duration_cast<MediaTime>(arrival - track.last_arrival));
    const MediaTime step = raw - track.last_raw;
    // Against what was handed out, so that many small steps back do not add up to a frozen clock.
    const bool back = raw + track.offset < track.last_dts - kLargestStepBack;
    const bool jump = step > kLargestStep && step > passed + kLargestStep;
    if (back || jump) {
      ++(back ? repairs_.steps_back : repairs_.jumps);
      const MediaTime expected = track.last_dts + std::min(passed, kLargestStep);
      // The other track may have jumped before: then both follow the same new clock.
      if (distance(raw + offset_, expected) > kLargestStep) {
        offset_ = std::max(expected, track.last_dts + kTakeOverGap) - raw;
      }
      track.offset = offset_;
    }
  }

  MediaTime dts = raw + track.offset;
  const MediaTime earliest =
      track.started ? track.last_dts : continue_after_.value_or(MediaTime(0));
  if (dts < earliest) {
    dts = earliest;
    ++repairs_.reordered;
  }
  track.started = true;
  track.last_raw = raw;
  track.last_dts = dts;
  track.last_arrival = arrival;
  latest_ = std::max(latest_, dts);
  return {dts, std::max(dts + composition, MediaTime(0))};
}

}  // namespace millrace
