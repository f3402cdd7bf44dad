#pragma once

#include "rtp/payload/depacketizer.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::rtp {

/// One codec frame in each packet: Opus (RFC 7587 §4.2), G.711 (RFC 3551 §4.5.14). The marker bit
/// marks the start of a talkspurt (RFC 3551 §4.1), which a stream without silence suppression has
/// once.
class SingleFramePacketizer final : public Packetizer {
 public:
  SingleFramePacketizer(BlockPool& pool, CodecId codec);

 private:
  Status write(const Frame& frame) override;
};

/// The inverse. Loss costs the frames that are lost and no more.
class SingleFrameDepacketizer final : public Depacketizer {
 public:
  SingleFrameDepacketizer(BlockPool& pool, TrackRef track);

 private:
  Status take(const MediaPacket& packet, bool after_loss) override;
};

}  // namespace millrace::rtp
