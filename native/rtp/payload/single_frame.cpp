#include "rtp/payload/single_frame.hpp"

#include <cstring>
#include <utility>

#include "codecs/opus/packet.hpp"
#include "rtp/payload/payload_info.hpp"

namespace millrace::rtp {

SingleFramePacketizer::SingleFramePacketizer(BlockPool& pool, CodecId codec)
    : Packetizer(pool, codec, rtp_clock_rate(codec), 0) {}

Status SingleFramePacketizer::write(const Frame& frame) {
  const Bytes bytes = frame.payload();
  const bool first = next_index() == 0;
  MediaPacket& packet = add(bytes.size());
  packet.marker = first;
  std::memcpy(packet.mutable_payload().data(), bytes.data(), bytes.size());
  return {};
}

SingleFrameDepacketizer::SingleFrameDepacketizer(BlockPool& pool, TrackRef track)
    : Depacketizer(pool) {
  adopt_track(std::move(track));
}

Status SingleFrameDepacketizer::take(const MediaPacket& packet, bool /*after_loss*/) {
  const Bytes bytes = packet.payload();
  if (track_->codec == CodecId::kOpus) {
    if (const auto duration = opus::packet_duration(bytes); !duration) {
      ++counters_.damaged_frames;
      return duration.error();
    }
  }
  auto frame = Frame::make(pool_, track_, bytes.size());
  std::memcpy(frame->mutable_payload().data(), bytes.data(), bytes.size());
  frame->random_access = true;
  hand_out(std::move(frame), packet.timestamp, packet.arrival);
  return {};
}

}  // namespace millrace::rtp
