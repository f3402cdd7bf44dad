#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.hpp"

namespace millrace::rtp {

/// Chooses the simulcast layer of one viewer by the bandwidth that there is for it.
///
/// Down at once when the layer does not fit any more; up when the next one has fitted with a margin
/// for a while. A step up that had to be taken back is not tried again soon: the wait doubles each
/// time, for an estimate that has not been tried is a guess (see BandwidthEstimator).
class LayerSelector {
 public:
  struct Options {
    double margin_up = 1.2;  // what a layer must leave free to be chosen
    Duration hold_up = seconds(2);
    Duration first_retry = seconds(10);
    Duration max_retry = seconds(120);
    Duration proving = seconds(10);  // a step down within this takes the step up back
    double pause_below = 0.5;        // of the lowest layer: then no video at all, sound goes on
    Duration hold_pause = seconds(2);
  };
  LayerSelector() : LayerSelector(Options{}) {}
  explicit LayerSelector(const Options& options) : options_(options) {}

  /// @param rates_bps  of the layers, ascending; 0: the layer is not there (paused by its
  /// publisher).
  /// @param wanted     highest layer that the viewer asks for.
  /// @return the layer to send; nullopt when not even the lowest one can be sent.
  std::optional<size_t> choose(std::span<const uint64_t> rates_bps, uint64_t estimate_bps,
                               size_t wanted, Time now);

  [[nodiscard]] std::optional<size_t> layer() const { return layer_; }

 private:
  void step_down(std::optional<size_t> layer, Time now);

  const Options options_;
  std::optional<size_t> layer_;
  bool started_ = false;
  std::optional<Time> fits_since_;
  std::optional<Time> starving_since_;
  Time stepped_up_{};
  std::optional<size_t> stepped_up_to_;  // until it is left
  size_t failed_layer_ = 0;              // to it and above no step is tried
  std::optional<Time> not_before_;       // before this
  Duration retry_{0};
};

}  // namespace millrace::rtp
