#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "rtp/rtcp/reports.hpp"

namespace millrace::rtp {

/// Counts what is sent of one SSRC and says when a sender report is due.
/// Source: RFC 3550 §6.4.1. The first comes with the first packet, so that sound and picture go
/// together from the start, the next ones soon after, in case it is lost, then one a second.
class SenderReports {
 public:
  void on_packet(size_t payload_size, Time now) {
    if (packets_++ == 0) {
      due_ = now;
    }
    octets_ += static_cast<uint32_t>(payload_size);
  }
  [[nodiscard]] bool is_due(Time now) const { return packets_ > 0 && now >= due_; }
  [[nodiscard]] std::optional<Time> next_deadline() const {
    return packets_ > 0 ? std::optional(due_) : std::nullopt;
  }

  /// @param ntp            the wall clock now.
  /// @param rtp_timestamp  of what is captured now, on the viewer's own timestamps: both tracks of
  /// a
  ///                       viewer must take it from one mapping, see MediaReference.
  [[nodiscard]] SenderReport make(uint32_t ssrc, uint64_t ntp, uint32_t rtp_timestamp, Time now) {
    due_ = now + (sent_ < 4 ? milliseconds(250) : milliseconds(1000));
    ++sent_;
    SenderReport report;
    report.ssrc = ssrc;
    report.ntp = ntp;
    report.rtp_timestamp = rtp_timestamp;
    report.packet_count = packets_;
    report.octet_count = octets_;
    return report;
  }

 private:
  Time due_{};
  uint32_t packets_ = 0;  // wrap, as the fields do
  uint32_t octets_ = 0;
  uint32_t sent_ = 0;
};

}  // namespace millrace::rtp
