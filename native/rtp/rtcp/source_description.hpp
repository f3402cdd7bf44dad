#pragma once

#include <cstdint>
#include <string_view>

#include "base/bounded_list.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"

namespace millrace::rtp {

/// SDES, RFC 3550 §6.5. Of the items only CNAME is kept. Borrows from the packet.
struct SourceDescription {
  struct Chunk {
    uint32_t ssrc = 0;
    std::string_view cname;  // at most 255 bytes; empty: there is none
  };
  BoundedList<Chunk, 31> chunks;

  /// @return kRtcpPacketMalformed when an item or a chunk reaches beyond the packet or a list of
  ///         items has no end.
  [[nodiscard]] static Result<SourceDescription> parse(const RtcpPacket& packet);
  [[nodiscard]] size_t size() const;
  void write_to(ByteWriter& writer) const;
};

/// BYE, RFC 3550 §6.6. Borrows from the packet.
struct Goodbye {
  BoundedList<uint32_t, 31> ssrcs;
  std::string_view reason;  // at most 255 bytes; may be empty

  /// @return kRtcpPacketMalformed.
  [[nodiscard]] static Result<Goodbye> parse(const RtcpPacket& packet);
  [[nodiscard]] size_t size() const;
  void write_to(ByteWriter& writer) const;
};

/// APP, RFC 3550 §6.7. Borrows from the packet.
struct ApplicationDefined {
  uint8_t subtype = 0;  // 5 bits
  uint32_t ssrc = 0;
  uint32_t name = 0;  // four ASCII letters
  Bytes data;         // a multiple of 4 bytes

  /// @return kRtcpPacketMalformed.
  [[nodiscard]] static Result<ApplicationDefined> parse(const RtcpPacket& packet);
  [[nodiscard]] size_t size() const { return kRtcpHeaderSize + 8 + data.size(); }
  void write_to(ByteWriter& writer) const;
};

}  // namespace millrace::rtp
