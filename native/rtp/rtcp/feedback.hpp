#pragma once

#include <cstdint>
#include <span>

#include "base/bounded_list.hpp"
#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/result.hpp"
#include "rtp/rtcp/rtcp_packet.hpp"

namespace millrace::rtp {

/// Generic NACK, RFC 4585 §6.2.1. Borrows from the packet.
class Nack {
 public:
  uint32_t sender_ssrc = 0;
  uint32_t media_ssrc = 0;

  /// @return kRtcpPacketMalformed when there is no entry or half of one.
  [[nodiscard]] static Result<Nack> parse(const RtcpPacket& packet);

  /// Calls `visit(uint16_t sequence_number)` for each packet that is asked for, in the order of the
  /// entries: at most 17 for each 4 bytes of the message.
  template <typename Visit>
  void for_each(Visit visit) const {
    ByteReader reader(entries_);
    while (!reader.empty()) {
      const uint16_t pid = reader.u16();
      const uint16_t blp = reader.u16();
      visit(pid);
      for (unsigned bit = 0; bit < 16; ++bit) {
        if ((blp >> bit & 1) != 0) {
          visit(static_cast<uint16_t>(pid + bit + 1));
        }
      }
    }
  }

  /// Writes a message that asks for these packets, as far as the room reaches.
  /// @param sequence_numbers  in ascending order (modulo 2^16); at least one.
  /// @return how many of them are asked for; 0 (and nothing written) when there is no room for one.
  static size_t write(ByteWriter& writer, uint32_t sender_ssrc, uint32_t media_ssrc,
                      std::span<const uint16_t> sequence_numbers);

 private:
  Bytes entries_;
};

/// PLI, RFC 4585 §6.3.1.
struct PictureLossIndication {
  static constexpr size_t kSize = kRtcpHeaderSize + kFeedbackHeaderSize;
  uint32_t sender_ssrc = 0;
  uint32_t media_ssrc = 0;

  /// @return kRtcpPacketMalformed.
  [[nodiscard]] static Result<PictureLossIndication> parse(const RtcpPacket& packet);
  void write_to(ByteWriter& writer) const;
};

/// FIR, RFC 5104 §4.3.1.
struct FullIntraRequest {
  struct Entry {
    uint32_t ssrc = 0;
    uint8_t command_sequence_number = 0;  // the same number again is a repetition, §4.3.1.2
  };
  uint32_t sender_ssrc = 0;
  BoundedList<Entry, 16> entries;  // a longer message is cut: a peer has a few sources

  /// @return kRtcpPacketMalformed.
  [[nodiscard]] static Result<FullIntraRequest> parse(const RtcpPacket& packet);
  [[nodiscard]] size_t size() const {
    return kRtcpHeaderSize + kFeedbackHeaderSize + 8 * entries.size();
  }
  void write_to(ByteWriter& writer) const;
};

/// REMB, draft-alvestrand-rmcat-remb-03 §2.2.
struct ReceiverEstimatedBitrate {
  uint32_t sender_ssrc = 0;
  uint64_t bitrate_bps = 0;         // written with 18 bits of mantissa, rounded down
  BoundedList<uint32_t, 16> ssrcs;  // a longer list is cut

  /// @return kRtcpPacketMalformed, also for application layer feedback of another kind.
  [[nodiscard]] static Result<ReceiverEstimatedBitrate> parse(const RtcpPacket& packet);
  [[nodiscard]] size_t size() const {
    return kRtcpHeaderSize + kFeedbackHeaderSize + 8 + 4 * ssrcs.size();
  }
  void write_to(ByteWriter& writer) const;
};

}  // namespace millrace::rtp
