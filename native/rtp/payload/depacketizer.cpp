#include "rtp/payload/depacketizer.hpp"

#include <utility>

#include "codecs/aac/audio_specific_config.hpp"
#include "codecs/g711/g711.hpp"
#include "codecs/opus/identification_header.hpp"
#include "rtp/payload/aac.hpp"
#include "rtp/payload/av1.hpp"
#include "rtp/payload/h264.hpp"
#include "rtp/payload/h265.hpp"
#include "rtp/payload/payload_info.hpp"
#include "rtp/payload/single_frame.hpp"
#include "rtp/payload/vp8.hpp"
#include "rtp/payload/vp9.hpp"

namespace millrace::rtp {

Status Depacketizer::push(const MediaPacket& packet) {
  if (last_index_ && packet.index <= *last_index_) {
    return {};
  }
  // Nobody knows what came before the first packet, so it is as after a loss.
  const bool after_loss = !last_index_ || packet.index != *last_index_ + 1;
  if (packet.payload().empty()) {
    // Padding. When packets before it are missing, the next one with media tells of the loss.
    if (!after_loss) {
      last_index_ = packet.index;
    }
    return {};
  }
  last_index_ = packet.index;
  return take(packet, after_loss);
}

std::optional<Depacketized> Depacketizer::poll() {
  if (ready_.empty()) {
    return std::nullopt;
  }
  std::optional<Depacketized> out(std::move(ready_.front()));
  ready_.pop_front();
  return out;
}

void Depacketizer::hand_out(Ref<Frame> frame, int64_t timestamp, Time arrival) {
  ++counters_.frames;
  ready_.push_back({std::exchange(track_is_new_, false) ? track_ : TrackRef(), std::move(frame),
                    timestamp, arrival});
}

void Depacketizer::adopt_track(TrackRef track) {
  track_ = std::move(track);
  track_is_new_ = true;
}

Status VideoDepacketizer::take(const MediaPacket& packet, bool after_loss) {
  Status status;
  if (after_loss) {
    if (timestamp_) {
      drop_frame();
    }
    wants_random_access_ = true;
    // Nobody knows what of this frame is missing, unless the packet is one that begins it.
    damaged_ = !begins_frame(packet.payload());
    counters_.damaged_frames += damaged_ ? 1 : 0;
    timestamp_ = packet.timestamp;
  } else if (timestamp_ && packet.timestamp != *timestamp_) {
    status = end_frame();  // some senders do not set the marker bit
  }
  timestamp_ = packet.timestamp;
  arrival_ = packet.arrival;
  if (!damaged_) {
    if (const Status appended = append(packet.payload()); !appended) {
      drop_frame();
      wants_random_access_ = true;
      damaged_ = true;
      timestamp_ = packet.timestamp;
      status = appended;
    }
  }
  if (packet.marker) {
    if (const Status ended = end_frame(); !ended) {
      status = ended;
    }
  }
  return status;
}

Status VideoDepacketizer::append_bytes(Bytes bytes) {
  if (bytes.size() > kMaxFrameBytes - bytes_.size()) {
    return Error{ErrorCode::kRtpFrameTooLarge, static_cast<uint32_t>(bytes_.size())};
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

void VideoDepacketizer::drop_frame() {
  counters_.damaged_frames += damaged_ ? 0 : 1;
  abandon();
  timestamp_.reset();
  damaged_ = false;
}

Status VideoDepacketizer::end_frame() {
  const int64_t timestamp = *timestamp_;
  timestamp_.reset();
  if (std::exchange(damaged_, false)) {
    abandon();
    return {};
  }
  auto frame = finish();
  abandon();
  if (!frame) {
    ++counters_.damaged_frames;
    wants_random_access_ = true;
    return frame.error();
  }
  if (!*frame) {
    return {};
  }
  if (wants_random_access_ && !(*frame)->random_access) {
    ++counters_.unusable_frames;
    return {};
  }
  wants_random_access_ = false;
  hand_out(*std::move(frame), timestamp, arrival_);
  return {};
}

std::unique_ptr<Depacketizer> make_depacketizer(const DepacketizerOptions& options,
                                                BlockPool& pool) {
  switch (options.codec) {
    case CodecId::kH264:
      return std::make_unique<H264Depacketizer>(pool, options.parameter_sets);
    case CodecId::kH265:
      return std::make_unique<H265Depacketizer>(pool, options.parameter_sets);
    case CodecId::kAv1:
      return std::make_unique<Av1Depacketizer>(pool);
    case CodecId::kVp8:
      return std::make_unique<Vp8Depacketizer>(pool);
    case CodecId::kVp9:
      return std::make_unique<Vp9Depacketizer>(pool);
    case CodecId::kOpus:
      return std::make_unique<SingleFrameDepacketizer>(
          pool, opus::make_track(options.channels == 1 ? 1 : 2));
    case CodecId::kG711A:
    case CodecId::kG711U:
      return std::make_unique<SingleFrameDepacketizer>(
          pool, g711::make_track(options.codec, options.channels));
    case CodecId::kAac: {
      auto track = options.configuration ? aac::make_track(options.configuration->bytes())
                                         : Result<Ref<Track>>(ErrorCode::kAacConfigInvalid);
      return track ? std::make_unique<AacDepacketizer>(pool, *std::move(track), options)
                   : std::unique_ptr<AacDepacketizer>();
    }
    default:
      return nullptr;
  }
}

}  // namespace millrace::rtp
