#pragma once

#include <chrono>

namespace millrace {

/// Monotonic time for deadlines and intervals: never set back, unrelated to the wall clock.
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace millrace
