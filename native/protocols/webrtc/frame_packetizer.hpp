#pragma once

#include <array>
#include <memory>
#include <optional>

#include "base/block_pool.hpp"
#include "media/frame.hpp"
#include "rtp/packet/media_reference.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::webrtc {

/// Makes RTP packets of the frames of a stream, one track of each kind.
///
/// WebRTC knows no B-frames: what is shown before a picture that went out already would be shown
/// late. They are left out, unless the operator wants them kept.
class FramePacketizer {
 public:
  enum class BFrames : bool { kDrop, kKeep };
  FramePacketizer(BlockPool& pool, BFrames b_frames, rtp::Sei sei = rtp::Sei::kKeep)
      : pool_(pool), b_frames_(b_frames), sei_(sei) {}

  enum class Changed : bool { kNo, kYes };
  /// @return whether packets that follow are of another codec, and count anew.
  Changed set_track(const Track& track);
  /// Adds the packets of a frame; none when it is not for WebRTC.
  /// @return as Packetizer::packetize().
  [[nodiscard]] Status packetize(const Frame& frame, Time now, rtp::MediaPackets& out);
  /// The publisher has gone.
  void reset();

  /// Which moment belongs to a frame's timestamp: the same for both tracks, so that players find
  /// sound and picture together.
  [[nodiscard]] rtp::MediaReference reference(const Frame& frame, Time now);
  /// Rate of the RTP clock; 0 before there is a track.
  [[nodiscard]] uint32_t clock_rate(TrackKind kind) const;

 private:
  struct Lane {
    CodecId codec = CodecId::kUnknown;
    std::unique_ptr<rtp::Packetizer> packetizer;
  };
  [[nodiscard]] Lane& lane_of(TrackKind kind) { return lanes_[kind == TrackKind::kAudio ? 1 : 0]; }

  BlockPool& pool_;
  const BFrames b_frames_;
  const rtp::Sei sei_;
  std::array<Lane, 2> lanes_;
  std::optional<MediaTime> newest_pts_;  // of video that was sent
  std::optional<Time> clock_zero_;       // when media time was 0
};

}  // namespace millrace::webrtc
