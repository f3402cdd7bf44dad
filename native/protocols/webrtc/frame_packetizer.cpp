#include "protocols/webrtc/frame_packetizer.hpp"

namespace millrace::webrtc {

namespace {

// Beyond it the publisher's clock, or ours, has jumped.
constexpr MediaTime kLargestClockError = milliseconds(500);

}  // namespace

FramePacketizer::Changed FramePacketizer::set_track(const Track& track) {
  Lane& lane = lane_of(track.kind);
  if (lane.codec == track.codec && lane.packetizer != nullptr) {
    return Changed::kNo;  // changed parameter sets go with the next random access point
  }
  lane.codec = track.codec;
  lane.packetizer = rtp::make_packetizer(track, pool_, rtp::kDefaultMaxPayloadSize, sei_);
  if (track.kind == TrackKind::kVideo) {
    newest_pts_ = std::nullopt;
  }
  return Changed::kYes;
}

Status FramePacketizer::packetize(const Frame& frame, Time now, rtp::MediaPackets& out) {
  Lane& lane = lane_of(frame.track->kind);
  if (lane.packetizer == nullptr || lane.codec != frame.track->codec) {
    return {};
  }
  if (frame.is_video()) {
    if (b_frames_ == BFrames::kDrop && !frame.random_access && newest_pts_ &&
        frame.pts < *newest_pts_) {
      return {};
    }
    if (frame.random_access || !newest_pts_ || frame.pts > *newest_pts_) {
      newest_pts_ = frame.pts;
    }
  }
  return lane.packetizer->packetize(frame, now, out);
}

void FramePacketizer::reset() {
  lanes_ = {};
  newest_pts_ = std::nullopt;
  clock_zero_ = std::nullopt;
}

rtp::MediaReference FramePacketizer::reference(const Frame& frame, Time now) {
  const Time zero = now - frame.dts;
  if (!clock_zero_ || zero > *clock_zero_ + kLargestClockError ||
      zero < *clock_zero_ - kLargestClockError) {
    clock_zero_ = zero;
  }
  const uint32_t rate = clock_rate(frame.track->kind);
  return {to_ticks(frame.pts, rate), *clock_zero_ + frame.pts, rate};
}

uint32_t FramePacketizer::clock_rate(TrackKind kind) const {
  const Lane& lane = lanes_[kind == TrackKind::kAudio ? 1 : 0];
  return lane.packetizer != nullptr ? lane.packetizer->clock_rate() : 0;
}

}  // namespace millrace::webrtc
