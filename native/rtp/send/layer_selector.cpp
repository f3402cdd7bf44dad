#include "rtp/send/layer_selector.hpp"

#include <algorithm>

namespace millrace::rtp {

void LayerSelector::step_down(std::optional<size_t> layer, Time now) {
  // Of a fall over several layers only the first step says that the step up was wrong.
  const bool takes_back = stepped_up_to_ && layer_ == stepped_up_to_;
  if (takes_back && now - stepped_up_ <= options_.proving) {
    retry_ = retry_ == Duration(0) ? options_.first_retry
                                   : std::min<Duration>(retry_ * 2, options_.max_retry);
    not_before_ = now + retry_;
    failed_layer_ = layer_.value_or(0);
  }
  stepped_up_to_.reset();
  layer_ = layer;
  fits_since_.reset();
}

std::optional<size_t> LayerSelector::choose(std::span<const uint64_t> rates_bps,
                                            uint64_t estimate_bps, size_t wanted, Time now) {
  std::optional<size_t> lowest;
  std::optional<size_t> fitting;    // the highest that fits
  std::optional<size_t> with_room;  // the highest that fits with a margin
  const auto estimate = static_cast<double>(estimate_bps);
  for (size_t i = 0; i < rates_bps.size() && i <= wanted; ++i) {
    if (rates_bps[i] == 0) {
      continue;
    }
    const auto rate = static_cast<double>(rates_bps[i]);
    lowest = lowest ? lowest : i;
    fitting = rate <= estimate ? i : fitting;
    with_room = rate * options_.margin_up <= estimate ? i : with_room;
  }
  if (!lowest) {
    return layer_ = std::nullopt;  // nothing is there: no news about the network
  }
  if (!started_) {
    started_ = true;
    layer_ = fitting ? fitting : lowest;
    return layer_;
  }

  // Sound before picture: a lowest layer that takes twice of what there is only makes a queue.
  const bool starving = estimate < static_cast<double>(rates_bps[*lowest]) * options_.pause_below;
  starving_since_ = starving ? std::optional(starving_since_.value_or(now)) : std::nullopt;
  if (!layer_) {
    if (!starving && fitting) {
      layer_ = lowest;
      stepped_up_ = now;
      stepped_up_to_ = layer_;
    }
    return layer_;
  }
  if (starving_since_ && now - *starving_since_ >= options_.hold_pause) {
    step_down(std::nullopt, now);
    return layer_;
  }
  const bool is_there = *layer_ < rates_bps.size() && rates_bps[*layer_] > 0;
  if (*layer_ > wanted || !is_there) {
    layer_ = fitting ? fitting : lowest;
    fits_since_.reset();
    return layer_;
  }
  const size_t best = fitting.value_or(*lowest);
  if (best < *layer_) {
    step_down(best, now);
    return layer_;
  }
  if (with_room && *with_room > *layer_) {
    fits_since_ = fits_since_.value_or(now);
    // One step at a time: each is a guess.
    size_t next = *layer_ + 1;
    while (rates_bps[next] == 0) {
      ++next;
    }
    const bool has_failed = not_before_ && now < *not_before_ && next >= failed_layer_;
    if (now - *fits_since_ >= options_.hold_up && !has_failed) {
      layer_ = next;
      stepped_up_ = now;
      stepped_up_to_ = layer_;
      fits_since_.reset();
    }
  } else {
    fits_since_.reset();
  }
  if (retry_ > Duration(0) && now - stepped_up_ > options_.max_retry) {
    retry_ = Duration(0);  // it has held for long: what was is forgotten
  }
  return layer_;
}

}  // namespace millrace::rtp
