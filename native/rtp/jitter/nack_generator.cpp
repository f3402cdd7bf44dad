#include "rtp/jitter/nack_generator.hpp"

#include <algorithm>
#include <utility>

namespace millrace::rtp {

void NackGenerator::on_packet(int64_t index, Time now) {
  if (!newest_) {
    newest_ = index;
    return;
  }
  if (index <= *newest_) {
    const auto found = std::ranges::lower_bound(missing_, index, {}, &Missing::index);
    if (found != missing_.end() && found->index == index) {
      missing_.erase(found);
    }
    return;
  }
  const int64_t gap = index - *newest_ - 1;
  if (gap > 0) {
    if (gap > static_cast<int64_t>(options_.max_missing) ||
        missing_.size() + static_cast<size_t>(gap) > options_.max_missing) {
      missing_.clear();
      given_up_ = true;
    }
    const int64_t most = std::min<int64_t>(gap, static_cast<int64_t>(options_.max_missing));
    for (int64_t i = index - (gap == most ? gap : 0); i < index; ++i) {
      missing_.push_back({i, now, now + options_.reordering_wait, 0});
    }
  }
  newest_ = index;
}

void NackGenerator::forget_before(int64_t index) {
  missing_.erase(missing_.begin(), std::ranges::lower_bound(missing_, index, {}, &Missing::index));
}

size_t NackGenerator::poll(Time now, std::span<uint16_t> out) {
  // Not std::ranges: Clang 14 cannot read libstdc++'s subrange, and builds the fuzz targets.
  const auto given_up =
      std::remove_if(missing_.begin(), missing_.end(), [&](const Missing& packet) {
        return now - packet.noticed > options_.max_age ||
               (packet.tries >= options_.max_tries && packet.next_try <= now);
      });
  given_up_ = given_up_ || given_up != missing_.end();
  missing_.erase(given_up, missing_.end());
  const Duration interval = std::max(rtt_, options_.min_interval);
  size_t count = 0;
  for (Missing& packet : missing_) {
    if (count == out.size()) {
      break;
    }
    if (packet.next_try <= now) {
      out[count++] = static_cast<uint16_t>(packet.index);
      packet.next_try = now + interval;
      ++packet.tries;
    }
  }
  return count;
}

std::optional<Time> NackGenerator::next_deadline() const {
  if (missing_.empty()) {
    return std::nullopt;
  }
  return std::ranges::min_element(missing_, {}, &Missing::next_try)->next_try;
}

bool NackGenerator::take_given_up() { return std::exchange(given_up_, false); }

}  // namespace millrace::rtp
