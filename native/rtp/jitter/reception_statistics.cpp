#include "rtp/jitter/reception_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::rtp {

void ReceptionStatistics::on_packet(int64_t index, uint32_t timestamp, Time arrival) {
  if (received_ > 0) {
    // A.8: D is how much the spacing of two packets changed on the way.
    const double elapsed =
        std::chrono::duration<double>(arrival - last_arrival_).count() * clock_rate_;
    const double change = elapsed - static_cast<int32_t>(timestamp - last_timestamp_);
    // A jump of the timestamps by a restarted encoder is no jitter.
    if (std::abs(change) < 5.0 * clock_rate_) {
      jitter_ += (std::abs(change) - jitter_) / 16;
    }
  }
  last_arrival_ = arrival;
  last_timestamp_ = timestamp;
  if (!first_) {
    first_ = index;
    newest_ = index;
  }
  newest_ = std::max(newest_, index);
  ++received_;
}

void ReceptionStatistics::on_sender_report(uint64_t ntp, Time arrival) {
  last_sr_ = compact_ntp(ntp);
  last_sr_arrival_ = arrival;
}

ReportBlock ReceptionStatistics::report(uint32_t ssrc, Time now) {
  constexpr int64_t kMax24 = 0x7fffff;
  ReportBlock block;
  block.ssrc = ssrc;
  const int64_t expected_interval = expected() - expected_before_;
  const int64_t lost_interval =
      expected_interval - static_cast<int64_t>(received_ - received_before_);
  expected_before_ = expected();
  received_before_ = received_;
  if (expected_interval > 0 && lost_interval > 0) {
    block.fraction_lost =
        static_cast<uint8_t>(std::min<int64_t>(255, lost_interval * 256 / expected_interval));
  }
  block.cumulative_lost = static_cast<int32_t>(
      std::clamp(expected() - static_cast<int64_t>(received_), -kMax24 - 1, kMax24));
  block.extended_highest_sequence_number = static_cast<uint32_t>(newest_);
  block.jitter = static_cast<uint32_t>(std::min(jitter_, 4294967295.0));
  if (last_sr_ != 0) {
    block.last_sr = last_sr_;
    const double delay = std::chrono::duration<double>(now - last_sr_arrival_).count() * 65536;
    block.delay_since_last_sr = static_cast<uint32_t>(std::clamp(delay, 0.0, 4294967295.0));
  }
  return block;
}

namespace {

/// @param last   middle 32 bits of the time that came to the peer; 0: none did.
/// @param delay  between that and its answer, in 1/65536 s.
std::optional<Duration> round_trip_time(uint32_t last, uint32_t delay, uint64_t now_ntp) {
  if (last == 0) {
    return std::nullopt;
  }
  const auto ticks = static_cast<int32_t>(compact_ntp(now_ntp) - last - delay);
  constexpr int32_t kMax = 60 * 65536;
  // Clocks round; what is a little below zero is as good as zero.
  if (ticks < -655 || ticks > kMax) {
    return std::nullopt;
  }
  return duration_cast<Duration>(std::chrono::duration<double>(std::max(ticks, 0) / 65536.0));
}

}  // namespace

std::optional<Duration> round_trip_time(const ReportBlock& block, uint64_t now_ntp) {
  return round_trip_time(block.last_sr, block.delay_since_last_sr, now_ntp);
}

std::optional<Duration> round_trip_time(const DelaySinceLastReference& delay, uint64_t now_ntp) {
  return round_trip_time(delay.last_rr, delay.delay, now_ntp);
}

}  // namespace millrace::rtp
