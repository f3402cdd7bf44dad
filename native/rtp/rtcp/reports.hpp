#pragma once

#include <chrono>
#include <cstdint>

#include "base/bounded_list.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"

namespace millrace::rtp {

/// What a receiver says about one source, RFC 3550 §6.4.1.
struct ReportBlock {
  static constexpr size_t kSize = 24;

  uint32_t ssrc = 0;
  uint8_t fraction_lost = 0;                      // of 256, since the last report
  int32_t cumulative_lost = 0;                    // 24 bits, signed
  uint32_t extended_highest_sequence_number = 0;  // cycles in the upper half
  uint32_t jitter = 0;                            // in timestamp ticks
  uint32_t last_sr = 0;                           // middle 32 bits of the NTP time of the last SR
  uint32_t delay_since_last_sr = 0;               // in 1/65536 s

  friend bool operator==(const ReportBlock&, const ReportBlock&) = default;
};

constexpr size_t kMaxReportBlocks = 31;
using ReportBlocks = BoundedList<ReportBlock, kMaxReportBlocks>;

/// SR, RFC 3550 §6.4.1. Profile-specific extensions behind the blocks are passed over.
struct SenderReport {
  uint32_t ssrc = 0;
  uint64_t ntp = 0;  // Q32.32 seconds since 1900
  uint32_t rtp_timestamp = 0;
  uint32_t packet_count = 0;
  uint32_t octet_count = 0;
  ReportBlocks reports;

  /// @return kRtcpPacketMalformed when the body is shorter than its fields and blocks.
  [[nodiscard]] static Result<SenderReport> parse(const RtcpPacket& packet);
  [[nodiscard]] size_t size() const {
    return kRtcpHeaderSize + 24 + ReportBlock::kSize * reports.size();
  }
  void write_to(ByteWriter& writer) const;
};

/// RR, RFC 3550 §6.4.2.
struct ReceiverReport {
  uint32_t ssrc = 0;
  ReportBlocks reports;

  /// @return kRtcpPacketMalformed.
  [[nodiscard]] static Result<ReceiverReport> parse(const RtcpPacket& packet);
  [[nodiscard]] size_t size() const {
    return kRtcpHeaderSize + 4 + ReportBlock::kSize * reports.size();
  }
  void write_to(ByteWriter& writer) const;
};

/// Middle 32 bits of an NTP time, as `last_sr` has it.
[[nodiscard]] constexpr uint32_t compact_ntp(uint64_t ntp) {
  return static_cast<uint32_t>(ntp >> 16);
}

/// NTP time (Q32.32 seconds since 1900, era 0) of microseconds since the Unix epoch.
[[nodiscard]] constexpr uint64_t to_ntp(int64_t unix_us) {
  constexpr uint64_t kUnixEpoch = 2'208'988'800;  // 1970 in seconds since 1900
  const auto seconds = static_cast<uint64_t>(unix_us / 1'000'000);
  const auto rest = static_cast<uint64_t>(unix_us % 1'000'000);
  return (seconds + kUnixEpoch) << 32 | (rest << 32) / 1'000'000;
}
/// Now, by the wall clock.
[[nodiscard]] inline uint64_t ntp_now() {
  return to_ntp(std::chrono::duration_cast<std::chrono::microseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count());
}
/// Microseconds since 1900 of an NTP time, rounded to the nearest.
[[nodiscard]] constexpr int64_t ntp_to_us(uint64_t ntp) {
  return static_cast<int64_t>((ntp >> 32) * 1'000'000 +
                              (((ntp & 0xffffffff) * 1'000'000 + 0x80000000) >> 32));
}

}  // namespace millrace::rtp
