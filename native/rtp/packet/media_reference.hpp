#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace millrace::rtp {

/// Which timestamp of a track belongs to which moment. The tracks of a stream must have their
/// references from one clock: for packets made from frames `{to_ticks(pts, rate), arrival}` with
/// the pts and arrival of one frame of the stream, for forwarded ones SessionClock::reference().
struct MediaReference {
  int64_t timestamp = 0;
  Time moment{};
  uint32_t clock_rate = 90000;

  /// The timestamp of what belongs to `now`.
  [[nodiscard]] int64_t at(Time now) const {
    const int64_t us = duration_cast<microseconds>(now - moment).count();
    return timestamp + us / 1'000'000 * clock_rate + us % 1'000'000 * clock_rate / 1'000'000;
  }
};

}  // namespace millrace::rtp
