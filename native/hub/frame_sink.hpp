#pragma once

#include "media/frame.hpp"

namespace millrace {

/// What takes a stream's frames: a rendition, an HLS segmenter, a recorder. One per stream and
/// form, on the loop of the stream that feeds it.
///
/// Order: a track is announced before its first frame and again whenever its configuration changes;
/// `on_end` when the publisher goes. A new publisher of the same name may follow: tracks are
/// announced anew and time goes on. Data frames (metadata) come through `on_frame` with the data
/// track.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void on_track(const TrackRef& track) = 0;
  /// The publisher has said again what it had said of this track. Of no use except to players who
  /// are to see what the publisher sent.
  virtual void on_track_repeated(const TrackRef& /*track*/) {}
  virtual void on_frame(const FrameRef& frame) = 0;
  virtual void on_end() = 0;
};

}  // namespace millrace
