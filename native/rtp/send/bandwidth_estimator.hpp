#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "base/ring.hpp"
#include "rtp/send/transport_send_history.hpp"

namespace millrace::rtp {

/// How much a viewer can be sent.
///
/// Two controllers, the lower one counts; after "A Google Congestion Control Algorithm for
/// Real-Time Communication" (draft-ietf-rmcat-gcc-02), with less:
/// - Delay (§5): groups of packets that were sent within 5 ms; when the line through the last 20
///   one-way delays rises for longer than the threshold, a queue grows, and the estimate falls to
///   0.85 of what arrived. Else it grows by 8 % a second. The threshold adapts as in §5.4.
/// - Loss (§6): over 10 % lost in a report lowers the estimate by half the loss, below 2 % lets it
///   grow by 5 % a report.
///
/// There is no probing: a server sends what there is, so the estimate may grow beyond what has been
/// tried. It chooses between layers (LayerSelector), which takes steps back as news, and tries
/// again later each time.
class BandwidthEstimator {
 public:
  struct Options {
    uint64_t start_bps = 1'000'000;
    uint64_t min_bps = 50'000;
    uint64_t max_bps = 100'000'000;
  };
  BandwidthEstimator() : BandwidthEstimator(Options{}) {}
  explicit BandwidthEstimator(const Options& options);

  /// @param results  of one feedback message, in the order the packets were sent.
  void on_results(std::span<const PacketResult> results, Time now);
  /// What the receiver estimates itself (REMB): a limit until it says otherwise.
  void on_receiver_estimate(uint64_t bps) { receiver_limit_bps_ = bps; }

  [[nodiscard]] uint64_t estimate_bps() const;
  /// What arrived over the last second or so; 0 until something is known.
  [[nodiscard]] uint64_t acknowledged_bps() const { return acknowledged_bps_; }
  [[nodiscard]] bool is_overusing() const { return state_ == State::kOveruse; }

 private:
  enum class State : uint8_t { kNormal, kOveruse, kUnderuse };
  struct Group {
    Time first_sent{};
    Time last_sent{};
    Duration last_arrival{};
  };
  struct Delay {
    double at_ms = 0;
    double smoothed_ms = 0;
  };
  struct Arrived {
    Duration arrival{};
    uint32_t size_bytes = 0;
  };

  void on_arrival(const PacketResult& result, Time now);
  void on_group(const Group& group, Time now);
  void detect(double trend, double interval_ms, Time now);
  void update_acknowledged(const PacketResult& result);
  void control(Time now);
  void control_loss(double lost);

  const Options options_;
  double delay_bps_;
  double loss_bps_;
  uint64_t receiver_limit_bps_ = UINT64_MAX;

  std::optional<Group> group_;
  std::optional<Group> last_group_;
  Ring<Delay> delays_;  // the last kDelays
  double accumulated_ms_ = 0;
  double smoothed_ms_ = 0;
  double threshold_ms_ = 12.5;
  double overusing_ms_ = 0;
  double last_trend_ = 0;
  std::optional<Duration> first_arrival_;
  uint32_t groups_ = 0;
  State state_ = State::kNormal;
  std::optional<Time> last_control_;
  std::optional<Time> last_decrease_;

  Ring<Arrived> arrived_;  // of the last second on the receiver's clock
  uint64_t arrived_bytes_ = 0;
  uint64_t acknowledged_bps_ = 0;

  std::optional<Time> loss_window_start_;
  uint32_t window_packets_ = 0;
  uint32_t window_lost_ = 0;
};

}  // namespace millrace::rtp
