#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hub/stream.hpp"
#include "hub/stream_use.hpp"
#include "hub/time_normaliser.hpp"

namespace millrace {

struct PublicationOptions {
  GopLimits gop;
  AudioSettings audio{};
  MediaTime clock_wrap{0};  // period of the publisher's counter; zero = it does not wrap
  /// RTP packets come too, for players that take them: frames are for the others then.
  bool packets = false;
  bool mix_correct = false;  // put audio and video in the order of their times before they go on
};

/// One publisher's hold on a stream: tracks and frames go in here, their times are mended on the
/// way. Ends with its destruction. On the loop that made it.
class Publication {
 public:
  ~Publication();
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  /// An output that follows this publisher and no other, whoever plays: an HLS segmenter, a
  /// recorder. Destroyed with the publication, after its `on_end`.
  void add_output(std::unique_ptr<FrameSink> output);

  void set_track(const TrackRef& track);
  /// The publisher has announced its track of that kind once more, unchanged.
  void repeat_track(TrackKind kind);
  /// @param raw_dts, raw_pts  on the publisher's own clock; the frame's times are set here.
  void push(Ref<Frame> frame, MediaTime raw_dts, MediaTime raw_pts);

  /// A packet as it came, with PublicationOptions::packets.
  void push_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet);

  /// Who can be asked for random access points is told here when players need one. On the loop.
  /// @param ask  of the source of packets with this number; 0: of all video.
  void on_key_frame_wanted(std::function<void(uint32_t source)> ask);

  [[nodiscard]] Stream& stream();
  [[nodiscard]] const TimeRepairs& repairs() const { return clock_.repairs(); }
  [[nodiscard]] uint64_t video_frames() const { return video_frames_; }
  [[nodiscard]] uint64_t audio_frames() const { return audio_frames_; }

 private:
  friend class LoopHub;
  Publication(StreamUse stream, const PublicationOptions& options,
              std::optional<MediaTime> continue_after);
  void release_in_order();
  void release_all();

  StreamUse stream_;
  TimeNormaliser clock_;
  std::vector<std::unique_ptr<FrameSink>> outputs_;
  const bool mix_correct_;
  std::vector<FrameRef> held_;  // mix_correct: by DTS, bounded
  uint32_t held_audio_ = 0;
  uint32_t held_video_ = 0;
  uint64_t video_frames_ = 0;
  uint64_t audio_frames_ = 0;
};

}  // namespace millrace
