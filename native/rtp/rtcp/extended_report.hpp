#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"

namespace millrace::rtp {

/// How somebody who only receives learns the round trip: it tells its time in an extended report
/// (XR, RFC 3611), and the sender tells in one of its own when that came. Other blocks are passed
/// over.

/// RRTR, RFC 3611 §4.4, in a packet of its own.
struct ReceiverReferenceTime {
  static constexpr size_t kSize = kRtcpHeaderSize + 16;

  uint32_t ssrc = 0;
  uint64_t ntp = 0;  // Q32.32 seconds since 1900

  void write_to(ByteWriter& writer) const;
};

/// One sub-block of DLRR, RFC 3611 §4.5.
struct DelaySinceLastReference {
  uint32_t ssrc = 0;     // of the receiver that told its time
  uint32_t last_rr = 0;  // middle 32 bits of that time
  uint32_t delay = 0;    // between its arrival and this packet, in 1/65536 s

  friend bool operator==(const DelaySinceLastReference&, const DelaySinceLastReference&) = default;
};

/// What an XR packet says to `ssrc`.
/// @return nullopt when it says nothing to it; kRtcpPacketMalformed when a block reaches beyond the
///         packet.
[[nodiscard]] Result<std::optional<DelaySinceLastReference>> delay_since_reference_of(
    uint32_t ssrc, const RtcpPacket& packet);

}  // namespace millrace::rtp
