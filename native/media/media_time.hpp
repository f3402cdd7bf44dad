#pragma once

#include <chrono>
#include <cstdint>

namespace millrace {

/// Media time inside the server: microseconds on the stream's own clock, which starts near zero and
/// never steps back within a track. One unit for all codecs spares every module the rescaling of
/// timescales; it is finer than half a tick of the 90 kHz and 48 kHz clocks, so a time that came
/// from such a clock goes back to it exactly.
using MediaTime = std::chrono::microseconds;

/// Milliseconds, rounded down: RTMP, FLV.
constexpr int64_t to_ms(MediaTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).count();
}
constexpr MediaTime from_ms(int64_t ms) { return std::chrono::milliseconds(ms); }

/// `time` in ticks of a clock of `rate` Hz, rounded to the nearest tick.
constexpr int64_t to_ticks(MediaTime time, int64_t rate) {
  const int64_t us = time.count();
  const int64_t whole = us / 1'000'000 * rate;
  const int64_t rest = us % 1'000'000 * rate;
  return whole + (rest >= 0 ? rest + 500'000 : rest - 500'000) / 1'000'000;
}
constexpr MediaTime from_ticks(int64_t ticks, int64_t rate) {
  const int64_t whole = ticks / rate * 1'000'000;
  const int64_t rest = ticks % rate * 1'000'000;
  return MediaTime(whole + (rest >= 0 ? rest + rate / 2 : rest - rate / 2) / rate);
}

}  // namespace millrace
