#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ring.hpp"
#include "hub/directory.hpp"
#include "hub/frame_sink.hpp"
#include "hub/rendition.hpp"

namespace millrace {

class LoopHub;

struct GopLimits {
  bool enabled = true;
  uint32_t max_frames = 2500;  // SRS's gop_cache_max_frames; 0 = no limit
  size_t max_bytes = size_t{64} << 20;
};

/// One stream as one loop sees it. On the publisher's loop frames come from its Publication and are
/// passed on to the other loops that asked; there they come out of the FrameQueue. In both places
/// they go to the sinks: renditions, segmenters, recorders. Made by the first who wants it, gone
/// with the last.
class Stream {
 public:
  Stream(LoopHub& hub, std::string key, uint64_t mirror_id);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] LoopHub& hub() { return hub_; }
  [[nodiscard]] const TrackRef& video() const { return video_; }
  [[nodiscard]] const TrackRef& audio() const { return audio_; }
  [[nodiscard]] const FrameRef& metadata() const { return metadata_; }
  /// Other loops that its frames go to.
  [[nodiscard]] size_t link_count() const { return links_.size(); }

  enum class Replay : uint8_t { kNo, kGop };
  /// The sink is told the tracks, the metadata and, if asked for, the cached GOP within this call.
  void attach(FrameSink& sink, Replay replay);
  void detach(FrameSink& sink);

  /// The rendition of this form, made on first use. `form` names everything that shapes its bytes
  /// and its merging, as "rtmp chunk=60000 merge=350".
  Rendition& rendition(const std::string& form, const RenditionOptions& options,
                       const std::function<std::unique_ptr<Muxer>()>& make_muxer);
  /// Frees renditions nobody reads since `before`.
  void drop_idle_renditions(Time before);

 private:
  friend class LoopHub;
  friend class StreamUse;
  friend class Publication;
  struct Link {
    Directory::Mirror mirror;
    bool lagging = false;     // its queue was full: nothing until the next random access point
    bool state_lost = false;  // tracks or metadata were among what it missed
  };
  struct NamedRendition {
    std::string form;
    std::unique_ptr<Rendition> rendition;
  };

  void begin_publication(uint64_t publication, const GopLimits& limits);
  void take_track(const TrackRef& track);
  void take_frame(const FrameRef& frame);
  void take_end();
  void link(Directory::Mirror mirror);
  void unlink(Directory::Mirror mirror);
  void cache(const FrameRef& frame);
  void clear_gop();
  void forward(Link& link, const FrameRef& frame);
  bool forward_state(Link& link);

  LoopHub& hub_;
  const std::string key_;
  const uint64_t mirror_id_;
  size_t users_ = 0;
  bool published_here_ = false;
  uint64_t publication_ = 0;  // that feeds it; 0 = none
  GopLimits gop_limits_;
  TrackRef video_;
  TrackRef audio_;
  FrameRef metadata_;
  Ring<FrameRef> gop_;
  size_t gop_bytes_ = 0;
  uint32_t audio_since_video_ = 0;
  std::vector<FrameSink*> sinks_;
  std::vector<NamedRendition> renditions_;
  std::vector<Link> links_;
};

}  // namespace millrace
