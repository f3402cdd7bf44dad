#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ring.hpp"
#include "control/session.hpp"
#include "hub/loop_hub.hpp"
#include "rtp/packet/media_packet.hpp"
#include "rtp/payload/packetizer.hpp"

namespace millrace::webrtc {

/// Which of the two tracks that a WebRTC session carries.
enum class Lane : uint8_t { kVideo, kAudio };
constexpr size_t kLanes = 2;

struct PacketRenditionOptions {
  bool keep_bframe = false;
  bool gop_cache = true;
  uint32_t gop_max_frames = 2500;  // 0 = no limit
};

class PacketRendition;

/// A player, as the rendition sees it.
class PacketReader {
 public:
  virtual ~PacketReader() = default;
  /// One packet to be sent.
  virtual void on_packet(Lane lane, const rtp::MediaPacketRef& packet) = 0;
  /// No more packets for now.
  virtual void on_pause() = 0;

 private:
  friend class PacketRendition;
  uint64_t position_ = 0;
  bool video_started_ = false;
  uint32_t slot_ = 0;
};

/// A stream as RTP payloads, made once on a loop for all its WebRTC players there: packetised
/// frames, or the packets of a WebRTC publisher as they came. A player has a position in the log of
/// packets and writes its own headers.
///
/// A new player begins at the last random access point. Of what lies between that and now it gets
/// the picture only, in bursts that a path can take, and with times drawn together (see Egress), so
/// that its decoder catches up instead of playing behind.
class PacketRendition final : public FrameSink, private TurnEnd {
 public:
  PacketRendition(LoopContext& context, const std::string& stream,
                  const PacketRenditionOptions& options);
  ~PacketRendition() override;
  PacketRendition(const PacketRendition&) = delete;
  PacketRendition& operator=(const PacketRendition&) = delete;

  void add(PacketReader& reader);
  void remove(PacketReader& reader);
  [[nodiscard]] size_t reader_count() const { return readers_.size(); }
  [[nodiscard]] Time idle_since() const { return idle_since_; }

  /// What a lane carries at present; kUnknown: nothing.
  [[nodiscard]] CodecId codec(Lane lane) const { return lane_of(lane).codec; }
  /// Changes when the numbers of a lane's packets begin anew.
  [[nodiscard]] uint64_t epoch(Lane lane) const { return lane_of(lane).epoch; }
  /// The lane's newest timestamp; a player that joins now catches up to it.
  [[nodiscard]] int64_t newest_timestamp(Lane lane) const { return lane_of(lane).newest_timestamp; }
  /// A packet that was sent not long ago; null when it is forgotten.
  [[nodiscard]] const rtp::MediaPacket* find(Lane lane, int64_t index) const;
  /// Media time at `now`, for sender reports: the same for both lanes, so that players find sound
  /// and picture together.
  [[nodiscard]] std::optional<MediaTime> media_time(Time now) const;
  /// A player has lost the picture. Asks the publisher, if it is one that can be asked.
  void request_key_frame();

  void on_track(const TrackRef& track) override;
  void on_frame(const FrameRef& frame) override;
  void on_end() override;

 private:
  struct Entry {
    rtp::MediaPacketRef packet;
    Lane lane = Lane::kVideo;
  };
  struct LaneState {
    CodecId codec = CodecId::kUnknown;
    std::unique_ptr<rtp::Packetizer> packetizer;
    uint64_t epoch = 0;
    int64_t newest_timestamp = 0;
    std::vector<rtp::MediaPacketRef> history;  // by index modulo its size
  };

  [[nodiscard]] const LaneState& lane_of(Lane lane) const {
    return lanes_[static_cast<size_t>(lane)];
  }
  LaneState& lane_of(Lane lane) { return lanes_[static_cast<size_t>(lane)]; }
  void append(Lane lane, rtp::MediaPacketRef packet);
  void pump(PacketReader& reader);
  void pump_all();
  void on_turn_end() override;
  void trim();
  void follow_clock(const Frame& frame);
  [[nodiscard]] uint64_t log_end() const { return log_begin_ + log_.size(); }

  LoopContext& context_;
  const PacketRenditionOptions options_;
  StreamUse stream_;
  std::array<LaneState, kLanes> lanes_;
  Ring<Entry> log_;
  uint64_t log_begin_ = 0;  // position of log_.front()
  size_t log_bytes_ = 0;
  std::optional<uint64_t> join_;  // position of the newest random access point
  uint32_t frames_since_join_ = 0;
  std::optional<MediaTime> newest_pts_;  // of video that was sent
  std::optional<Time> clock_zero_;       // when media time was 0
  bool replaying_ = false;
  Time key_frame_asked_{};
  std::vector<PacketReader*> readers_;
  rtp::MediaPackets scratch_;
  Time idle_since_;
  Timer catch_up_;
};

/// The renditions of one loop, by stream and options; one that nobody has read for a while goes.
class PacketRenditions {
 public:
  explicit PacketRenditions(LoopContext& context);
  PacketRendition& get(const std::string& stream, const PacketRenditionOptions& options);

 private:
  void drop_idle();

  LoopContext& context_;
  std::unordered_map<std::string, std::unique_ptr<PacketRendition>> renditions_;
  Timer drop_idle_;
};

}  // namespace millrace::webrtc
