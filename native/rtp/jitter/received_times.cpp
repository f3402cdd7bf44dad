#include "rtp/jitter/received_times.hpp"

#include <algorithm>

namespace millrace::rtp {
namespace {

using Entry = ReceivedTimes::Entry;

/// @param before, after  what is known next to the gap in which the packet is.
std::optional<int64_t> place_between(const Entry& before, const Entry& after, int64_t timestamp,
                                     int64_t duration) {
  const int64_t steps = after.index - before.index;
  if (steps < 2) {
    return std::nullopt;  // there is no place between the two
  }
  if (steps == 2) {
    return before.index + 1;
  }
  if (after.timestamp == timestamp) {
    return after.index - 1;  // padding follows its packet
  }
  if (duration <= 0) {
    return std::nullopt;
  }
  if (const int64_t behind = timestamp - before.timestamp;
      behind % duration == 0 && behind / duration < steps) {
    return before.index + behind / duration;
  }
  // There was a pause, perhaps before it.
  if (const int64_t ahead = after.timestamp - timestamp;
      ahead % duration == 0 && ahead / duration < steps) {
    return after.index - ahead / duration;
  }
  return std::nullopt;
}

}  // namespace

void ReceivedTimes::reset() {
  entries_.fill({});
  recovered_count_ = 0;
}

std::optional<int64_t> ReceivedTimes::missing_at(int64_t timestamp, int64_t duration,
                                                 const Entry& carrier) const {
  if (carrier.timestamp <= timestamp) {
    return std::nullopt;
  }
  Entry after = carrier;
  for (int64_t index = carrier.index - 1; index > carrier.index - kReach; --index) {
    const std::optional<Entry>& one = slot(index);
    if (!one || one->index != index) {
      continue;  // missing
    }
    if (one->timestamp < timestamp) {
      return place_between(*one, after, timestamp, duration);
    }
    if (one->timestamp == timestamp && !one->padding) {
      return std::nullopt;
    }
    after = *one;
  }
  return std::nullopt;
}

bool ReceivedTimes::was_recovered(int64_t timestamp) const {
  const auto count = std::min(recovered_count_, recovered_.size());
  return std::find(recovered_.begin(), recovered_.begin() + static_cast<ptrdiff_t>(count),
                   timestamp) != recovered_.begin() + static_cast<ptrdiff_t>(count);
}

}  // namespace millrace::rtp
