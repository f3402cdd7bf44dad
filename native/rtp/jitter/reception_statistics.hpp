#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "rtp/rtcp/extended_report.hpp"
#include "rtp/rtcp/reports.hpp"

namespace millrace::rtp {

/// Counts what was received of one SSRC, for reception reports.
/// Source: RFC 3550 Appendix A.3 (loss), A.8 (jitter), §6.4.1 (LSR, DLSR).
class ReceptionStatistics {
 public:
  /// @param clock_rate  of the RTP timestamps, in Hz.
  explicit ReceptionStatistics(uint32_t clock_rate) : clock_rate_(clock_rate) {}

  /// A packet of the SSRC itself; what RTX brings again does not count, for it was lost.
  /// @param index  unwrapped sequence number.
  void on_packet(int64_t index, uint32_t timestamp, Time arrival);
  void on_sender_report(uint64_t ntp, Time arrival);

  /// The block for the next report; losses count from the report before on.
  [[nodiscard]] ReportBlock report(uint32_t ssrc, Time now);

  [[nodiscard]] uint64_t received() const { return received_; }
  /// Never negative, unlike in reports, where duplicates count.
  [[nodiscard]] uint64_t lost() const {
    const int64_t lost = expected() - static_cast<int64_t>(received_);
    return lost > 0 ? static_cast<uint64_t>(lost) : 0;
  }
  [[nodiscard]] Duration jitter() const {
    return duration_cast<Duration>(std::chrono::duration<double>(jitter_ / clock_rate_));
  }

 private:
  [[nodiscard]] int64_t expected() const { return first_ ? newest_ - *first_ + 1 : 0; }

  const uint32_t clock_rate_;
  std::optional<int64_t> first_;
  int64_t newest_ = 0;
  uint64_t received_ = 0;
  int64_t expected_before_ = 0;
  uint64_t received_before_ = 0;
  double jitter_ = 0;  // in timestamp ticks
  Time last_arrival_{};
  uint32_t last_timestamp_ = 0;
  uint32_t last_sr_ = 0;
  Time last_sr_arrival_{};
};

/// Round trip time from a report block about what we send; RFC 3550 §6.4.1, figure 2.
/// @param now_ntp  time of arrival on the clock of our sender reports.
/// @return nullopt when the peer has had no sender report yet, or its numbers make no sense.
[[nodiscard]] std::optional<Duration> round_trip_time(const ReportBlock& block, uint64_t now_ntp);
/// The same of what a sender says about our reference times; RFC 3611 §4.5.
[[nodiscard]] std::optional<Duration> round_trip_time(const DelaySinceLastReference& delay,
                                                      uint64_t now_ntp);

}  // namespace millrace::rtp
