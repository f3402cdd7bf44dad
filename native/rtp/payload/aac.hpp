#pragma once

#include <optional>

#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp {

/// AAC into RTP, one access unit in each packet, or a fragment. Source: RFC 3640 §3.3.6 (mode
/// AAC-hbr: sizeLength 13, indexLength 3, indexDeltaLength 3).
class AacPacketizer final : public Packetizer {
 public:
  AacPacketizer(BlockPool& pool, uint32_t clock_rate, size_t max_payload_size)
      : Packetizer(pool, CodecId::kAac, clock_rate, max_payload_size) {}

 private:
  Status write(const Frame& frame) override;
};

/// AAC from RTP. Source: RFC 3640 §3.2: AU header section with the field lengths of the signaling,
/// several access units in a packet or one over several. Interleaving is refused.
class AacDepacketizer final : public Depacketizer {
 public:
  AacDepacketizer(BlockPool& pool, TrackRef track, const DepacketizerOptions& options);

 private:
  Status take(const MediaPacket& packet, bool after_loss) override;
  Status take_fragment(const MediaPacket& packet, size_t unit_size, Bytes data);
  void give(Bytes unit, int64_t timestamp, Time arrival);

  const unsigned size_length_;
  const unsigned index_length_;
  const unsigned index_delta_length_;
  std::vector<uint8_t> fragment_;  // of the unit at hand
  std::optional<int64_t> fragment_timestamp_;
  size_t fragment_size_ = 0;  // of the whole unit
};

}  // namespace millrace::rtp
