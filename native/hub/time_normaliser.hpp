#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "media/codec_id.hpp"
#include "media/media_time.hpp"

namespace millrace {

/// What had to be mended, by kind; for metrics and the log.
struct TimeRepairs {
  uint64_t wraps = 0;        // the sender's counter began anew
  uint64_t jumps = 0;        // forward, with no pause in arrival to explain it
  uint64_t steps_back = 0;   // a large step back
  uint64_t reordered = 0;    // a small step back within a track
  uint64_t composition = 0;  // pts far from dts
};

/// Makes a publisher's clock one that the rest of the server may trust: DTS never steps back within
/// a track, starts near zero, goes on over wraps, jumps, restarts of the encoder and a new
/// publisher of the same stream. Tracks keep their offset to each other, also when they jump one
/// after the other. Never fails: it mends and counts. Sans-IO; arrival times are handed in.
class TimeNormaliser {
 public:
  /// @param wrap  period of the sender's counter: 2^32 ms for RTMP, 2^33 / 90 kHz for MPEG-TS; zero
  /// = none.
  /// @param continue_after  last DTS of the publisher before, whom this one follows.
  explicit TimeNormaliser(MediaTime wrap, std::optional<MediaTime> continue_after = std::nullopt)
      : wrap_(wrap),
        continue_after_(continue_after),
        latest_(continue_after.value_or(MediaTime(0))) {}

  struct Times {
    MediaTime dts;
    MediaTime pts;
  };
  /// @param raw_dts, raw_pts  as the sender wrote them, from 0 to `wrap`.
  /// @param arrival  when the frame came.
  Times normalise(TrackKind kind, MediaTime raw_dts, MediaTime raw_pts, Time arrival);

  [[nodiscard]] const TimeRepairs& repairs() const { return repairs_; }
  /// Stream time minus sender's time, for outputs that show the sender's clock (`atc`).
  [[nodiscard]] MediaTime offset() const { return offset_; }
  [[nodiscard]] MediaTime latest() const { return latest_; }

 private:
  struct TrackClock {
    bool started = false;
    MediaTime offset{0};
    MediaTime last_raw{0};  // unwrapped
    MediaTime last_dts{0};
    Time last_arrival{};
  };

  [[nodiscard]] MediaTime unwrap(MediaTime raw);

  MediaTime wrap_;
  std::optional<MediaTime> continue_after_;
  MediaTime wrapped_{0};  // added to the sender's values so far
  MediaTime last_unwrapped_{0};
  bool started_ = false;  // the publisher has sent a frame
  MediaTime offset_{0};   // of the newest sender clock
  MediaTime latest_{0};   // largest DTS handed out
  std::array<TrackClock, 3> tracks_{};
  TimeRepairs repairs_;
};

}  // namespace millrace
