#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.hpp"

namespace millrace::rtp {

/// Chooses the simulcast layer of one viewer by what its path takes.
///
/// Down at once when the layer is more than the path's ceiling; up when the path has been seen to
/// take the next one with a margin. A step up that had to be taken back all the same is not tried
/// again soon: the wait doubles each time.
class LayerSelector {
 public:
  struct Options {
    double margin_up = 1.2;  // what a layer must leave free to be chosen
    Duration hold_up = seconds(1);
    Duration first_retry = seconds(10);
    Duration max_retry = seconds(120);
    Duration proving = seconds(10);  // a step down within this takes the step up back
    double pause_below = 0.5;        // of the lowest layer: then no video at all, sound goes on
    Duration hold_pause = seconds(2);
  };
  LayerSelector() : LayerSelector(Options{}) {}
  explicit LayerSelector(const Options& options) : options_(options) {}

  /// What is known of the path; as it is here: nothing, and nothing is held back.
  struct Path {
    uint64_t ceiling_bps = UINT64_MAX;  // it takes no more than this
    uint64_t proven_bps = UINT64_MAX;   // it takes as much as this
    bool congested = false;             // what is sent at present is too much
  };

  /// @param rates_bps  of the layers, ascending; 0: the layer is not there (paused by its
  /// publisher).
  /// @param wanted     highest layer that the viewer asks for.
  /// @return the layer to send; nullopt when not even the lowest one can be sent.
  std::optional<size_t> choose(std::span<const uint64_t> rates_bps, const Path& path, size_t wanted,
                               Time now);

  [[nodiscard]] std::optional<size_t> layer() const { return layer_; }
  /// What the path must be known to take for the next step up; 0: there is none to be taken now.
  [[nodiscard]] uint64_t needed_bps() const { return needed_bps_; }

 private:
  void step_down(std::optional<size_t> layer, Time now);
  void step_up(size_t layer, Time now);
  [[nodiscard]] uint64_t with_margin(uint64_t rate_bps) const {
    return static_cast<uint64_t>(static_cast<double>(rate_bps) * options_.margin_up);
  }
  [[nodiscard]] bool has_failed(size_t layer, Time now) const {
    return not_before_ && now < *not_before_ && layer >= failed_layer_;
  }

  const Options options_;
  std::optional<size_t> layer_;
  bool started_ = false;
  uint64_t needed_bps_ = 0;
  std::optional<Time> fits_since_;
  std::optional<Time> starving_since_;
  Time stepped_up_{};
  std::optional<size_t> stepped_up_to_;  // until it is left
  size_t failed_layer_ = 0;              // to it and above no step is tried
  std::optional<Time> not_before_;       // before this
  Duration retry_{0};
};

}  // namespace millrace::rtp
