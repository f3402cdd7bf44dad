#include "rtp/send/bandwidth_estimator.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::rtp {
namespace {

constexpr Duration kBurst = milliseconds(5);  // draft-ietf-rmcat-gcc-02 §5.2
constexpr size_t kDelays = 20;
constexpr double kSmoothing = 0.9;
constexpr double kThresholdGain = 4.0;
constexpr double kOverusingMs = 10;
// §5.4: the threshold follows the trend slowly down and faster up, so that a flow of TCP beside us
// does not starve us.
constexpr double kThresholdUp = 0.0087;
constexpr double kThresholdDown = 0.039;
constexpr double kDecrease = 0.85;
constexpr double kIncreasePerSecond = 1.08;
// How far beyond what arrives the estimate may grow: simulcast layers are about a factor of four
// apart, and the next one must fit with a margin.
constexpr double kMostUntried = 6;
constexpr Duration kRateWindow = seconds(1);
constexpr size_t kMaxArrived = 8192;
constexpr Duration kLossWindow = milliseconds(500);
constexpr uint32_t kLeastLossPackets = 20;  // one of five lost says nothing

double ms(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

}  // namespace

BandwidthEstimator::BandwidthEstimator(const Options& options)
    : options_(options),
      delay_bps_(static_cast<double>(options.start_bps)),
      loss_bps_(static_cast<double>(options.max_bps)) {}

uint64_t BandwidthEstimator::estimate_bps() const {
  // What arrives the path does take. On a path that loses packets whatever is sent, or delivers
  // them unevenly, bad news would add up to nothing at all otherwise.
  const double proven = kDecrease * static_cast<double>(acknowledged_bps_);
  const double estimate = std::max(std::min(delay_bps_, loss_bps_), proven);
  return std::clamp(std::min(static_cast<uint64_t>(estimate), receiver_limit_bps_),
                    options_.min_bps, options_.max_bps);
}

void BandwidthEstimator::on_results(std::span<const PacketResult> results, Time now) {
  for (const PacketResult& result : results) {
    ++window_packets_;
    if (result.arrival) {
      update_acknowledged(result);
      on_arrival(result, now);
    } else {
      ++window_lost_;
    }
  }
  if (!results.empty()) {
    control(now);
  }
  if (!loss_window_start_) {
    loss_window_start_ = now;
  }
  if (now - *loss_window_start_ >= kLossWindow && window_packets_ >= kLeastLossPackets) {
    control_loss(static_cast<double>(window_lost_) / window_packets_);
    loss_window_start_ = now;
    window_packets_ = 0;
    window_lost_ = 0;
  }
}

void BandwidthEstimator::update_acknowledged(const PacketResult& result) {
  arrived_.push_back({*result.arrival, result.size_bytes});
  arrived_bytes_ += result.size_bytes;
  while (arrived_.size() > 1 &&
         (arrived_.size() > kMaxArrived ||
          arrived_.back().arrival - arrived_.front().arrival > kRateWindow)) {
    arrived_bytes_ -= arrived_.front().size_bytes;
    arrived_.pop_front();
  }
  const Duration span = arrived_.back().arrival - arrived_.front().arrival;
  if (span >= kRateWindow / 4) {
    acknowledged_bps_ = static_cast<uint64_t>(static_cast<double>(arrived_bytes_) * 8 /
                                              std::chrono::duration<double>(span).count());
  }
}

void BandwidthEstimator::on_arrival(const PacketResult& result, Time now) {
  if (group_ && result.sent - group_->first_sent <= kBurst) {
    group_->last_sent = std::max(group_->last_sent, result.sent);
    group_->last_arrival = std::max(group_->last_arrival, *result.arrival);
    return;
  }
  if (group_ && result.sent < group_->first_sent) {
    return;  // overtaken: its group is closed
  }
  if (group_) {
    on_group(*group_, now);
  }
  group_ = Group{result.sent, result.sent, *result.arrival};
}

void BandwidthEstimator::on_group(const Group& group, Time now) {
  if (!last_group_) {
    last_group_ = group;
    first_arrival_ = group.last_arrival;
    return;
  }
  const double sent_ms = ms(group.last_sent - last_group_->last_sent);
  const double arrival_ms = ms(group.last_arrival - last_group_->last_arrival);
  last_group_ = group;
  ++groups_;
  accumulated_ms_ += arrival_ms - sent_ms;
  smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * accumulated_ms_;
  delays_.push_back({ms(group.last_arrival - *first_arrival_), smoothed_ms_});
  if (delays_.size() > kDelays) {
    delays_.pop_front();
  }
  if (delays_.size() < kDelays) {
    return;
  }
  double mean_at = 0;
  double mean_delay = 0;
  for (size_t i = 0; i < delays_.size(); ++i) {
    mean_at += delays_[i].at_ms;
    mean_delay += delays_[i].smoothed_ms;
  }
  mean_at /= kDelays;
  mean_delay /= kDelays;
  double numerator = 0;
  double denominator = 0;
  for (size_t i = 0; i < delays_.size(); ++i) {
    const double at = delays_[i].at_ms - mean_at;
    numerator += at * (delays_[i].smoothed_ms - mean_delay);
    denominator += at * at;
  }
  if (denominator > 0) {
    detect(numerator / denominator, sent_ms, now);
  }
}

void BandwidthEstimator::detect(double trend, double interval_ms, Time now) {
  const double modified = std::min<double>(groups_, 60) * trend * kThresholdGain;
  if (modified > threshold_ms_) {
    overusing_ms_ += interval_ms;
    if (overusing_ms_ > kOverusingMs && trend >= last_trend_) {
      overusing_ms_ = 0;
      state_ = State::kOveruse;
      control(now);
    }
  } else {
    overusing_ms_ = 0;
    state_ = modified < -threshold_ms_ ? State::kUnderuse : State::kNormal;
  }
  last_trend_ = trend;
  const double distance = std::abs(modified) - threshold_ms_;
  if (distance <= 15) {  // §5.4: a sudden step is no reason to adapt
    const double gain = distance < 0 ? kThresholdDown : kThresholdUp;
    threshold_ms_ += gain * distance * std::min(interval_ms, 100.0);
    threshold_ms_ = std::clamp(threshold_ms_, 6.0, 600.0);
  }
}

void BandwidthEstimator::control(Time now) {
  const double elapsed =
      last_control_ ? std::chrono::duration<double>(now - *last_control_).count() : 0;
  last_control_ = now;
  const double max = static_cast<double>(options_.max_bps);
  if (state_ == State::kOveruse) {
    // Once per burst of bad news: the queue needs time to drain.
    if (!last_decrease_ || now - *last_decrease_ >= milliseconds(300)) {
      const double arrived =
          acknowledged_bps_ > 0 ? static_cast<double>(acknowledged_bps_) : delay_bps_;
      delay_bps_ = std::min(delay_bps_, kDecrease * arrived);
      last_decrease_ = now;
    }
    state_ = State::kNormal;
  } else if (state_ == State::kNormal) {
    delay_bps_ *= std::pow(kIncreasePerSecond, std::min(elapsed, 1.0));
  }
  if (acknowledged_bps_ > 0) {
    const double most = kMostUntried * static_cast<double>(acknowledged_bps_);
    delay_bps_ = std::min(delay_bps_, std::max(most, static_cast<double>(options_.start_bps)));
  }
  delay_bps_ = std::clamp(delay_bps_, static_cast<double>(options_.min_bps), max);
}

void BandwidthEstimator::control_loss(double lost) {
  const double max = static_cast<double>(options_.max_bps);
  if (lost > 0.10) {
    const double from = std::min(loss_bps_, delay_bps_);
    loss_bps_ = std::max(from * (1 - 0.5 * lost), static_cast<double>(options_.min_bps));
  } else if (lost < 0.02) {
    loss_bps_ = std::min(loss_bps_ * 1.05, max);
  }
}

}  // namespace millrace::rtp
