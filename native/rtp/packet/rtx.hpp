#pragma once

#include <optional>

#include "rtp/packet/rtp_packet.hpp"

namespace millrace::rtp {

/// Bytes of the original sequence number before the payload, RFC 4588 §4.
constexpr size_t kRtxHeaderSize = 2;

/// The packet that a retransmission repeats, borrowed from it. Source: RFC 4588 §4.
/// @param ssrc, payload_type  of the stream that is repaired, by SDP (`apt`) and SSRC group or
///                            repaired-rid.
/// @return nullopt when there is no original in it: padding that probes for bandwidth, or less than
///         the original sequence number.
[[nodiscard]] inline std::optional<RtpPacket> decapsulate_rtx(const RtpPacket& rtx, uint32_t ssrc,
                                                              uint8_t payload_type) {
  if (rtx.payload.size() <= kRtxHeaderSize) {
    return std::nullopt;
  }
  RtpPacket original = rtx;
  original.sequence_number = ByteReader(rtx.payload).u16();
  original.payload = rtx.payload.subspan(kRtxHeaderSize);
  original.ssrc = ssrc;
  original.payload_type = payload_type;
  original.padding_size = 0;
  return original;
}

}  // namespace millrace::rtp
