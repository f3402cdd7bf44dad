#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/buffer_chain.hpp"
#include "base/result.hpp"
#include "formats/mpegts/muxer.hpp"
#include "media/frame.hpp"
#include "protocols/hls/cut_rules.hpp"
#include "protocols/hls/encryption.hpp"
#include "protocols/hls/file_template.hpp"
#include "protocols/hls/options.hpp"
#include "protocols/hls/sample_clock.hpp"
#include "protocols/hls/segment_body.hpp"

namespace millrace::hls {

/// One finished segment.
struct Segment {
  uint64_t sequence = 0;
  MediaTime duration{0};
  bool discontinuity = false;
  BufferChain body;
  std::shared_ptr<const SegmentKey> key;  // null: not encrypted
  WallTime started;
  int64_t floor_number = 0;  // with hls_ts_floor
};

/// Turns a stream's frames into MPEG-TS segments: RFC 8216 §3.2. Has no file, socket or thread; the
/// wall clock, of which only names are made, is given. Lives as long as the stream's name is in
/// use, so that sequence numbers run on over several publishers.
class Segmenter {
 public:
  Segmenter(const Options& options, std::function<WallTime()> wall_clock);

  /// Before the first frame, when an older playlist is continued.
  void continue_from(uint64_t next_sequence) { next_sequence_ = next_sequence; }

  /// A new or changed track. A configuration that differs begins a new segment with a
  /// discontinuity.
  /// @return kCodecUnsupported or kAacConfigInvalid; the track's frames are then left out.
  Status on_track(const TrackRef& track);

  /// Frames of both kinds, interleaved; data frames are passed over.
  /// @return kAacAdtsInvalid when the frame cannot be written, kInternal when the cipher fails; the
  ///         segmenter goes on with the next frame.
  Status on_frame(const FrameRef& frame);

  /// The publisher has gone: the last segment is finished, and the next one will be a
  /// discontinuity.
  Status on_end();

  /// @return finished segments, oldest first.
  [[nodiscard]] std::optional<Segment> poll();

  /// Segments thrown away because their length was implausible.
  [[nodiscard]] uint64_t dropped_segments() const { return dropped_segments_; }
  /// Frames left out because their codec cannot be carried.
  [[nodiscard]] uint64_t dropped_frames() const { return dropped_frames_; }
  [[nodiscard]] uint64_t next_sequence() const { return next_sequence_; }

 private:
  struct Open {
    MediaTime start{0};
    CutRules rules;
    WallTime started;
    int64_t floor_number = 0;
    bool discontinuity = false;
  };

  Status open(MediaTime start);
  Status close(MediaTime end);
  Status set_tracks();
  void note_end_of(const Frame& frame);
  [[nodiscard]] bool must_close_before(const Frame& frame) const;

  const Options options_;
  const std::function<WallTime()> wall_clock_;
  mpegts::Muxer muxer_;
  SegmentBody body_;
  SampleClock sample_clock_;
  FloorClock floor_clock_;
  TrackRef video_;  // null when there is none, or none that can be carried
  TrackRef audio_;
  std::optional<Open> open_;
  std::shared_ptr<const SegmentKey> key_;
  uint64_t next_sequence_ = 0;
  uint64_t index_ = 0;  // of the next segment since publishing began
  bool discontinuity_ = true;
  std::optional<MediaTime> last_video_dts_;
  std::optional<MediaTime> last_audio_dts_;
  MediaTime end_{0};  // where the open segment's media ends, as far as is known
  std::vector<Segment> finished_;
  uint64_t dropped_segments_ = 0;
  uint64_t dropped_frames_ = 0;
};

}  // namespace millrace::hls
