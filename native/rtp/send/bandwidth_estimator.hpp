#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "base/ring.hpp"
#include "rtp/send/transport_send_history.hpp"

namespace millrace::rtp {

/// How much a viewer can be sent, by what its transport-wide feedback tells.
///
/// A server sends what there is, most often far less than the path takes. So there are two answers,
/// and either may be unknown: the rate at which the path was found to be full (ceiling), and the
/// rate that it has been seen to take (proven, see BandwidthProbe). Until bad news comes there is
/// no ceiling, and nothing is held back.
///
/// - Delay: the path is full when packets stand in a queue that does not drain: when the shortest
///   queueing delay of all packets of 300 ms is over 60 ms and does not fall (as CoDel has it, RFC
///   8289 §3.1). The gradient of draft-ietf-rmcat-gcc-02 §5 is for senders that pace; here a key
///   frame leaves in one burst, and makes a gradient on every path. The ceiling is then 0.9 of what
///   arrived meanwhile.
/// - Loss (draft-ietf-rmcat-gcc-02 §6): over 10 % lost in half a second lowers the ceiling by half
///   the loss, but never below 0.85 of what arrives.
/// - It grows by 8 % a second while there is no queue, a little beyond what arrives. A probe that
///   passes removes it.
class BandwidthEstimator {
 public:
  struct Options {
    uint64_t min_bps = 50'000;
    /// How far beyond what arrives the ceiling may grow by itself. Where nothing probes it must
    /// reach the next layer: they are about a factor of four apart.
    double most_untried = 6;
  };
  BandwidthEstimator() : BandwidthEstimator(Options{}) {}
  explicit BandwidthEstimator(const Options& options) : options_(options) {}

  /// @param results  of one feedback message, in the order the packets were sent.
  void on_results(std::span<const PacketResult> results, Time now);
  /// What the receiver estimates itself (REMB): the ceiling until it says otherwise.
  void on_receiver_estimate(uint64_t bps) { receiver_limit_bps_ = bps; }
  /// `rate_bps` went through, or was all that did.
  void on_probe_passed(uint64_t rate_bps, Time now);
  void on_probe_limited(uint64_t rate_bps);

  /// What the path takes at most; nullopt: that has not been found.
  [[nodiscard]] std::optional<uint64_t> ceiling_bps() const;
  /// What it has taken of late; 0: that has not been tried.
  [[nodiscard]] uint64_t proven_bps(Time now) const;
  /// Whether what is sent at present is too much: a queue that drains is of what was sent before.
  [[nodiscard]] bool is_congested(Time now) const;
  /// Whether there is neither a queue nor news of the kind.
  [[nodiscard]] bool is_clear(Time now) const;
  /// What arrived over the last half a second; 0 until something is known.
  [[nodiscard]] uint64_t acknowledged_bps() const { return acknowledged_bps_; }

 private:
  struct Arrived {
    Duration arrival{};
    Duration delay{};  // from anywhere
    uint32_t size_bytes = 0;
  };

  void add(const PacketResult& result, Time now);
  void evaluate(Time now);
  struct Standing {
    Duration queue{0};    // shortest delay of the last packets over the shortest of all
    double rate_bps = 0;  // at which they came
  };
  /// @return nullopt: too few packets to tell.
  [[nodiscard]] std::optional<Standing> standing() const;
  void grow(Time now);
  void judge_loss(double lost, Time now);
  void lower_to(double bps, Time now);

  const Options options_;
  std::optional<double> ceiling_bps_;
  uint64_t receiver_limit_bps_ = UINT64_MAX;
  uint64_t probed_bps_ = 0;
  Time probed_at_{};
  std::optional<Time> congested_at_;

  std::optional<Time> first_sent_;
  // Paths become longer too: the shortest delay is of the last 10 to 20 s.
  Duration shortest_ = Duration::max();
  Duration shortest_before_ = Duration::max();
  Time shortest_since_{};

  Ring<Arrived> arrived_;  // by arrival
  uint64_t arrived_bytes_ = 0;
  uint64_t acknowledged_bps_ = 0;
  Duration evaluated_{};  // newest arrival then
  Duration queue_{0};     // then
  std::optional<Time> lowered_at_;
  Time grown_at_{};

  std::optional<Time> loss_window_start_;
  uint32_t window_packets_ = 0;
  uint32_t window_lost_ = 0;
};

}  // namespace millrace::rtp
