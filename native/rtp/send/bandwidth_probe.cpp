#include "rtp/send/bandwidth_probe.hpp"

#include <algorithm>

namespace millrace::rtp {
namespace {

// Feedback comes each 50 to 250 ms (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2).
constexpr Duration kFeedbackDelay = milliseconds(300);
constexpr uint32_t kLeastPackets = 5;
constexpr double kMostLost = 0.15;
// Slower than this against what was sent: the rest stands in a queue.
constexpr double kPassed = 0.85;
constexpr double kMargin = 0.95;
// What comes is a little less than what was to be sent.
constexpr double kMore = 1.1;

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

bool BandwidthProbe::begin(uint64_t wanted_bps, uint64_t known_bps, uint64_t sent_bytes, Time now) {
  if (wanted_bps == 0 || target_bps_ != 0 || now < not_before_) {
    return false;
  }
  const auto most = static_cast<uint64_t>(options_.most_growth * static_cast<double>(known_bps));
  target_bps_ = std::clamp(static_cast<uint64_t>(kMore * static_cast<double>(wanted_bps)),
                           options_.least_bps, options_.most_bps);
  target_bps_ = std::min(target_bps_, std::max(most, options_.least_bps));
  begin_ = now;
  end_ = now + options_.duration;
  sent_before_ = sent_bytes;
  came_ = 0;
  lost_ = 0;
  came_bytes_ = 0;
  return true;
}

size_t BandwidthProbe::pad_bytes(uint64_t sent_bytes, Time now) const {
  if (!is_sending(now)) {
    return 0;
  }
  const auto due =
      static_cast<uint64_t>(static_cast<double>(target_bps_) / 8 * seconds_of(now - begin_));
  const uint64_t sent = sent_bytes - sent_before_;
  return due > sent ? static_cast<size_t>(due - sent) : 0;
}

void BandwidthProbe::on_result(const PacketResult& result) {
  if (target_bps_ == 0 || result.sent < begin_ || result.sent > end_) {
    return;
  }
  if (!result.arrival) {
    ++lost_;
    return;
  }
  if (came_++ == 0) {
    first_sent_ = last_sent_ = result.sent;
    first_arrival_ = last_arrival_ = *result.arrival;
    return;
  }
  came_bytes_ += result.size_bytes;
  last_sent_ = std::max(last_sent_, result.sent);
  last_arrival_ = std::max(last_arrival_, *result.arrival);
}

BandwidthProbe::Outcome BandwidthProbe::outcome() const {
  const Duration sent_over = last_sent_ - first_sent_;
  const Duration came_over = last_arrival_ - first_arrival_;
  if (came_ < kLeastPackets || sent_over < options_.duration / 2) {
    return {};
  }
  const double bits = static_cast<double>(came_bytes_) * 8;
  const double send_rate = bits / seconds_of(sent_over);
  const double rate = bits / seconds_of(std::max(came_over, sent_over));
  const bool lossy = lost_ > kMostLost * (came_ + lost_);
  if (!lossy && rate >= kPassed * send_rate) {
    return {true, static_cast<uint64_t>(rate)};
  }
  return {false, static_cast<uint64_t>(kMargin * rate)};
}

std::optional<BandwidthProbe::Outcome> BandwidthProbe::poll(Duration rtt, Time now) {
  if (target_bps_ == 0 || now < end_ + rtt + kFeedbackDelay) {
    return std::nullopt;
  }
  target_bps_ = 0;
  const Outcome result = outcome();
  if (result.passed) {
    retry_ = Duration(0);
    not_before_ = now + options_.between;
  } else {
    retry_ = retry_ == Duration(0) ? options_.first_retry
                                   : std::min<Duration>(retry_ * 2, options_.max_retry);
    not_before_ = now + retry_;
  }
  return result;
}

}  // namespace millrace::rtp
