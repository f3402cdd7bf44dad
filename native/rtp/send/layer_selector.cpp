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

void LayerSelector::step_up(size_t layer, Time now) {
  layer_ = layer;
  stepped_up_ = now;
  stepped_up_to_ = layer_;
  fits_since_.reset();
}

std::optional<size_t> LayerSelector::choose(std::span<const uint64_t> rates_bps, const Path& path,
                                            size_t wanted, Time now) {
  needed_bps_ = 0;
  std::optional<size_t> lowest;
  std::optional<size_t> fitting;  // the highest under the ceiling
  for (size_t i = 0; i < rates_bps.size() && i <= wanted; ++i) {
    if (rates_bps[i] != 0) {
      lowest = lowest ? lowest : i;
      fitting = rates_bps[i] <= path.ceiling_bps ? i : fitting;
    }
  }
  if (!lowest) {
    return layer_ = std::nullopt;  // nothing is there: no news about the network
  }
  if (!started_) {
    started_ = true;
    layer_ = fitting ? fitting : lowest;
    return layer_;
  }

  // Sound before picture: a lowest layer that takes twice of what there is only makes a queue, and
  // so does one that is a little too much but goes on being it.
  const auto lowest_bps = static_cast<double>(rates_bps[*lowest]);
  const bool starving = static_cast<double>(path.ceiling_bps) < lowest_bps * options_.pause_below ||
                        (!fitting && path.congested && layer_ == lowest);
  starving_since_ = starving ? std::optional(starving_since_.value_or(now)) : std::nullopt;
  if (!layer_) {
    if (!fitting || with_margin(rates_bps[*lowest]) > path.proven_bps) {
      needed_bps_ = has_failed(*lowest, now) ? 0 : with_margin(rates_bps[*lowest]);
    } else if (!has_failed(*lowest, now)) {
      step_up(*lowest, now);
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
  // One step at a time.
  size_t next = *layer_ + 1;
  while (next < rates_bps.size() && next <= wanted && rates_bps[next] == 0) {
    ++next;
  }
  if (next < rates_bps.size() && next <= wanted && !has_failed(next, now)) {
    const uint64_t needed = with_margin(rates_bps[next]);
    if (needed <= std::min(path.proven_bps, path.ceiling_bps)) {
      fits_since_ = fits_since_.value_or(now);
      if (now - *fits_since_ >= options_.hold_up) {
        step_up(next, now);
      }
    } else {
      fits_since_.reset();
      needed_bps_ = needed;
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
