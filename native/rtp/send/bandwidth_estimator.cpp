#include "rtp/send/bandwidth_estimator.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::rtp {
namespace {

constexpr Duration kStandingWindow = milliseconds(300);
constexpr Duration kRateWindow = milliseconds(500);
constexpr size_t kLeastPackets = 5;
constexpr size_t kMaxArrived = 4096;
constexpr Duration kShortestWindow = seconds(10);
constexpr Duration kEvaluateInterval = milliseconds(100);
// Wireless links hold packets back for some tens of milliseconds with no queue of ours.
constexpr Duration kFull = milliseconds(60);
constexpr Duration kEmpty = milliseconds(20);
constexpr Duration kStill = milliseconds(3);  // less is not taken for draining
// Between two steps down: the news of the first must have come back.
constexpr Duration kLowerInterval = milliseconds(300);
constexpr Duration kCongestedFor = seconds(1);
constexpr Duration kProvenFor = seconds(10);
constexpr double kLowerTo = 0.9;
constexpr double kLeastOfArrived = 0.85;
constexpr double kGrowthPerSecond = 1.08;
constexpr Duration kLossWindow = milliseconds(500);
constexpr uint32_t kLeastLossPackets = 20;  // one of five lost says nothing
constexpr double kHighLoss = 0.10;
// With so much lost, what is sent again is lost too.
constexpr double kHopelessLoss = 0.20;

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::optional<uint64_t> BandwidthEstimator::ceiling_bps() const {
  std::optional<uint64_t> ceiling;
  if (ceiling_bps_) {
    ceiling = static_cast<uint64_t>(*ceiling_bps_);
  }
  if (receiver_limit_bps_ != UINT64_MAX) {
    ceiling = std::min(ceiling.value_or(UINT64_MAX), receiver_limit_bps_);
  }
  return ceiling ? std::optional(std::max(*ceiling, options_.min_bps)) : std::nullopt;
}

uint64_t BandwidthEstimator::proven_bps(Time now) const {
  return now - probed_at_ <= kProvenFor ? probed_bps_ : 0;
}

bool BandwidthEstimator::is_congested(Time now) const {
  return congested_at_ && now - *congested_at_ <= kCongestedFor;
}

bool BandwidthEstimator::is_clear(Time now) const { return queue_ <= kEmpty && !is_congested(now); }

void BandwidthEstimator::on_probe_passed(uint64_t rate_bps, Time now) {
  probed_bps_ = rate_bps;
  probed_at_ = now;
  if (ceiling_bps_ && *ceiling_bps_ <= static_cast<double>(rate_bps)) {
    ceiling_bps_ = std::nullopt;
  }
}

void BandwidthEstimator::on_probe_limited(uint64_t rate_bps) {
  const uint64_t found = std::max({rate_bps, acknowledged_bps_, options_.min_bps});
  ceiling_bps_ =
      std::min(ceiling_bps_.value_or(static_cast<double>(found)), static_cast<double>(found));
  probed_bps_ = 0;
}

void BandwidthEstimator::on_results(std::span<const PacketResult> results, Time now) {
  for (const PacketResult& result : results) {
    ++window_packets_;
    if (result.arrival) {
      add(result, now);
    } else {
      ++window_lost_;
    }
  }
  if (!arrived_.empty() && arrived_.back().arrival - evaluated_ >= kEvaluateInterval) {
    evaluated_ = arrived_.back().arrival;
    evaluate(now);
  }
  if (!loss_window_start_) {
    loss_window_start_ = now;
  }
  if (now - *loss_window_start_ >= kLossWindow && window_packets_ >= kLeastLossPackets) {
    judge_loss(static_cast<double>(window_lost_) / window_packets_, now);
    loss_window_start_ = now;
    window_packets_ = 0;
    window_lost_ = 0;
  }
}

void BandwidthEstimator::add(const PacketResult& result, Time now) {
  if (!first_sent_) {
    first_sent_ = result.sent;
    shortest_since_ = now;
    grown_at_ = now;
    evaluated_ = *result.arrival;
  }
  const Duration delay = *result.arrival - (result.sent - *first_sent_);
  if (now - shortest_since_ > kShortestWindow) {
    shortest_before_ = shortest_;
    shortest_ = delay;
    shortest_since_ = now;
  }
  shortest_ = std::min(shortest_, delay);
  // Those that were overtaken count where they came.
  const Duration newest = arrived_.empty() ? *result.arrival : arrived_.back().arrival;
  arrived_.push_back({std::max(*result.arrival, newest), delay, result.size_bytes});
  arrived_bytes_ += result.size_bytes;
  while (arrived_.size() > kMaxArrived ||
         arrived_.back().arrival - arrived_.front().arrival > kRateWindow) {
    arrived_bytes_ -= arrived_.front().size_bytes;
    arrived_.pop_front();
  }
  const Duration span = arrived_.back().arrival - arrived_.front().arrival;
  if (span >= kRateWindow / 2) {
    acknowledged_bps_ =
        static_cast<uint64_t>(static_cast<double>(arrived_bytes_) * 8 / seconds_of(span));
  }
}

std::optional<BandwidthEstimator::Standing> BandwidthEstimator::standing() const {
  const Duration newest = arrived_.back().arrival;
  if (arrived_.size() < kLeastPackets || newest - arrived_.front().arrival < kStandingWindow) {
    return std::nullopt;
  }
  Duration least = Duration::max();
  uint64_t bytes = 0;
  for (size_t i = arrived_.size(); i > 0 && newest - arrived_[i - 1].arrival <= kStandingWindow;
       --i) {
    least = std::min(least, arrived_[i - 1].delay);
    bytes += arrived_[i - 1].size_bytes;
  }
  return Standing{least - std::min(shortest_, shortest_before_),
                  static_cast<double>(bytes) * 8 / seconds_of(kStandingWindow)};
}

void BandwidthEstimator::evaluate(Time now) {
  const auto found = standing();
  if (!found) {
    return;
  }
  const bool drains = found->queue < queue_ - kStill;
  queue_ = found->queue;
  if (queue_ >= kFull && !drains) {
    congested_at_ = now;
    lower_to(kLowerTo * found->rate_bps, now);
  } else if (queue_ <= kEmpty) {
    grow(now);
  }
  grown_at_ = now;
}

void BandwidthEstimator::lower_to(double bps, Time now) {
  if (lowered_at_ && now - *lowered_at_ < kLowerInterval) {
    return;
  }
  lowered_at_ = now;
  probed_bps_ = 0;
  ceiling_bps_ =
      std::max(std::min(ceiling_bps_.value_or(bps), bps), static_cast<double>(options_.min_bps));
}

void BandwidthEstimator::grow(Time now) {
  if (!ceiling_bps_) {
    return;
  }
  const auto arrived = static_cast<double>(acknowledged_bps_);
  const double grown =
      *ceiling_bps_ * std::pow(kGrowthPerSecond, std::min(seconds_of(now - grown_at_), 1.0));
  // What comes without a queue the path does take.
  ceiling_bps_ = std::max({std::min(grown, options_.most_untried * arrived), *ceiling_bps_,
                           std::min(arrived, 2 * *ceiling_bps_)});
}

void BandwidthEstimator::judge_loss(double lost, Time now) {
  if (lost <= kHighLoss) {
    return;
  }
  if (lost > kHopelessLoss) {
    congested_at_ = now;
  }
  const auto arrived = static_cast<double>(acknowledged_bps_);
  const double from = ceiling_bps_.value_or(arrived / (1 - std::min(lost, 0.9)));
  lower_to(std::max(from * (1 - 0.5 * lost), kLeastOfArrived * arrived), now);
}

}  // namespace millrace::rtp
