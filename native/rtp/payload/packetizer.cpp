#include "rtp/payload/packetizer.hpp"

#include "rtp/payload/aac.hpp"
#include "rtp/payload/av1.hpp"
#include "rtp/payload/h264.hpp"
#include "rtp/payload/h265.hpp"
#include "rtp/payload/payload_info.hpp"
#include "rtp/payload/single_frame.hpp"
#include "rtp/payload/vp8.hpp"
#include "rtp/payload/vp9.hpp"

namespace millrace::rtp {

Status Packetizer::packetize(const Frame& frame, Time arrival, MediaPackets& out) {
  if (frame.track->codec != codec_) {
    return ErrorCode::kCodecUnsupported;
  }
  if (frame.payload().empty()) {
    return {};
  }
  const size_t before = out.size();
  before_frame_ = before;
  random_access_ = frame.random_access;
  timestamp_ = to_ticks(frame.pts, clock_rate_);
  arrival_ = arrival;
  out_ = &out;
  last_ = nullptr;
  const int64_t first_index = next_index_;
  const Status status = write(frame);
  if (!status) {
    out.resize(before);
    next_index_ = first_index;
  } else if (last_ != nullptr && frame.is_video()) {
    last_->marker = true;  // RFC 6184 §5.1 and alike: the last packet of an access unit
  }
  return status;
}

MediaPacket& Packetizer::add(size_t payload_size) {
  auto packet = MediaPacket::make(pool_, payload_size);
  last_ = packet.get();
  last_->index = next_index_++;
  last_->timestamp = timestamp_;
  last_->arrival = arrival_;
  last_->info.starts_frame = out_->size() == before_frame_;
  last_->info.starts_random_access = last_->info.starts_frame && random_access_;
  out_->push_back(std::move(packet));
  return *last_;
}

std::unique_ptr<Packetizer> make_packetizer(const Track& track, BlockPool& pool,
                                            size_t max_payload_size, Sei sei) {
  assert(max_payload_size >= 64);
  switch (track.codec) {
    case CodecId::kH264:
      return std::make_unique<H264Packetizer>(pool, max_payload_size, sei);
    case CodecId::kH265:
      return std::make_unique<H265Packetizer>(pool, max_payload_size);
    case CodecId::kAv1:
      return std::make_unique<Av1Packetizer>(pool, max_payload_size);
    case CodecId::kVp8:
      return std::make_unique<Vp8Packetizer>(pool, max_payload_size);
    case CodecId::kVp9:
      return std::make_unique<Vp9Packetizer>(pool, max_payload_size);
    case CodecId::kOpus:
    case CodecId::kG711A:
    case CodecId::kG711U:
      return std::make_unique<SingleFramePacketizer>(pool, track.codec);
    case CodecId::kAac:
      return std::make_unique<AacPacketizer>(
          pool, rtp_clock_rate(track.codec, track.audio.sample_rate), max_payload_size);
    default:
      return nullptr;
  }
}

}  // namespace millrace::rtp
