#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"

namespace millrace::rtp {

/// Bytes of the fixed header, RFC 3550 §5.1.
constexpr size_t kRtpHeaderSize = 12;

/// An RTP packet. Borrows the bytes it was parsed from.
/// Source: RFC 3550 §5.1 (fixed header), §5.3.1 (extension).
struct RtpPacket {
  bool marker = false;
  uint8_t payload_type = 0;      // 7 bits
  uint16_t sequence_number = 0;  // wraps; see SequenceUnwrapper
  uint32_t timestamp = 0;
  uint32_t ssrc = 0;
  Bytes csrcs;                     // 4 bytes each
  bool has_extension = false;      // the X bit
  uint16_t extension_profile = 0;  // 0xBEDE and 0x100x are RFC 8285's, see header_extensions.hpp
  Bytes extension;                 // without profile and length; a multiple of 4 bytes
  Bytes payload;                   // without padding; empty in packets that only probe
  uint8_t padding_size = 0;        // with the byte that holds the count

  /// @return kRtpPacketMalformed (detail: size of the packet) when the version is not 2, or
  ///         contributing sources, extension or padding reach beyond the packet.
  [[nodiscard]] static Result<RtpPacket> parse(Bytes packet);

  /// Bytes from the start of the packet to the payload: what SRTP leaves in the clear.
  [[nodiscard]] size_t header_size() const {
    return kRtpHeaderSize + csrcs.size() + (has_extension ? 4 + extension.size() : 0);
  }
  [[nodiscard]] size_t size() const { return header_size() + payload.size() + padding_size; }
  /// Writes header, payload and padding. `extension` must be a multiple of 4 bytes, `csrcs` at most
  /// 15 sources.
  void write_to(ByteWriter& writer) const;
};

/// Could the bytes be RTP or RTCP, by their version? RFC 7983 §7: first byte 128 to 191.
[[nodiscard]] constexpr bool looks_like_rtp(Bytes packet) {
  return !packet.empty() && packet[0] >= 128 && packet[0] <= 191;
}

/// Is it RTCP rather than RTP, where both share a port? RFC 5761 §4: packet types 192 to 223, which
/// are the payload types 64 to 95 with the marker bit.
[[nodiscard]] constexpr bool is_rtcp(Bytes packet) {
  return packet.size() >= 2 && packet[1] >= 192 && packet[1] <= 223;
}

/// Reads the SSRC of an RTP packet without the rest; 0 when it is cut.
[[nodiscard]] constexpr uint32_t rtp_ssrc(Bytes packet) {
  return packet.size() < kRtpHeaderSize
             ? 0
             : static_cast<uint32_t>(packet[8]) << 24 | static_cast<uint32_t>(packet[9]) << 16 |
                   static_cast<uint32_t>(packet[10]) << 8 | packet[11];
}

}  // namespace millrace::rtp
