#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ring.hpp"
#include "hub/audio_form.hpp"
#include "hub/directory.hpp"
#include "hub/frame_queue.hpp"
#include "hub/frame_sink.hpp"
#include "hub/packet_cache.hpp"
#include "hub/packet_source.hpp"
#include "hub/rendition.hpp"
#include "transcode/audio_transcoder.hpp"

namespace millrace {

class LoopHub;

struct GopLimits {
  bool enabled = true;
  uint32_t max_frames = 2500;  // SRS's gop_cache_max_frames; 0 = no limit
  size_t max_bytes = size_t{64} << 20;
  MediaTime recent_audio{0};  // kept besides, for renditions of audio alone
};

/// One stream as one loop sees it. On the publisher's loop frames come from its Publication and are
/// passed on to the other loops that asked; there they come out of the FrameQueue. In both places
/// they go to the sinks: renditions, segmenters, recorders. Made by the first who wants it, gone
/// with the last.
///
/// Where the sinks of one form cannot take the source's audio, other audio is made from it: on the
/// publisher's loop, once, as long as a sink on any loop wants it. Its frames take the same ways as
/// those of the source and are told apart by their codec.
class Stream final : private transcode::AudioTranscoder::Owner {
 public:
  Stream(LoopHub& hub, std::string key, uint64_t mirror_id);
  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] LoopHub& hub() { return hub_; }
  [[nodiscard]] const TrackRef& video() const { return video_; }
  [[nodiscard]] const TrackRef& audio() const { return audio_; }
  [[nodiscard]] const FrameRef& metadata() const { return metadata_; }
  /// Other loops that its frames go to.
  [[nodiscard]] size_t link_count() const { return links_.size(); }

  enum class Replay : uint8_t { kNo, kGop, kRecentAudio };
  /// The sink is told the tracks, the metadata and, if asked for, the cached GOP or the recent
  /// audio within this call.
  void attach(FrameSink& sink, Replay replay, AudioForm form = AudioForm::kPlain);
  void detach(FrameSink& sink);

  /// The sink gets the packets of the cache within this call.
  void attach_packets(PacketSink& sink);
  void detach_packets(PacketSink& sink);
  /// Its publisher sends RTP packets: who takes them has no use for its frames.
  [[nodiscard]] bool carries_packets() const { return carries_packets_; }

  /// A player has lost the picture, or waits for its first: asks the publisher for a random access
  /// point, if it is one that can be asked. For callers that bound how often.
  /// @param source  number of the source of packets; 0: of all video.
  void request_key_frame(uint32_t source = 0);

  /// The rendition of this form, made on first use. `form` names everything that shapes its bytes
  /// and its merging, as "rtmp chunk=60000 merge=350".
  Rendition& rendition(const std::string& form, const RenditionOptions& options,
                       const std::function<std::unique_ptr<Muxer>()>& make_muxer,
                       AudioForm audio = AudioForm::kPlain);
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
    std::array<bool, kAudioForms> uses{};  // forms that sinks there want
  };
  struct AttachedSink {
    FrameSink* sink;
    AudioForm form;
  };
  struct NamedRendition {
    std::string form;
    std::unique_ptr<Rendition> rendition;
  };

  void begin_publication(uint64_t publication, const GopLimits& limits, const AudioSettings& audio,
                         bool packets);
  void take_track(const TrackRef& track);
  void take_derived_track(const TrackRef& track);
  void take_frame(const FrameRef& frame);
  void take_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet);
  void take_end();
  void link(Directory::Mirror mirror);
  void unlink(Directory::Mirror mirror);
  void cache(const FrameRef& frame);
  void clear_gop();
  void cache_recent_audio(const FrameRef& frame);
  [[nodiscard]] std::vector<FrameRef> audio_before_gop() const;
  void take_recent_audio(const std::vector<FrameRef>& frames);
  /// Around what a new mirror is told of the past: viewers of audio alone begin within it where
  /// they would have begun on the publisher's loop.
  void begin_replay();
  void end_replay();
  void forward(Link& link, const FrameRef& frame);
  bool forward_state(Link& link);
  void forward_track(FrameQueue::Item::Kind kind, const TrackRef& track);
  void use_forms_of(Directory::Mirror mirror, const std::array<bool, kAudioForms>& uses);
  void set_publisher(LoopHub* publisher);
  void refresh_derived();
  void stop_transcoding();
  void tell_transcoding(Transcoding state);
  void tell_uses();
  [[nodiscard]] std::array<bool, kAudioForms> own_uses() const;
  [[nodiscard]] bool fits(const Frame& frame, AudioForm form) const;
  void on_transcoded(FrameRef frame) override;
  void on_transcode_trouble(Error error, const std::string& why) override;

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
  Ring<FrameRef> recent_audio_;
  size_t recent_audio_bytes_ = 0;
  AudioSettings audio_settings_;
  DerivedAudio derived_;           // what the source's audio is made into, if anything
  TrackRef derived_track_;         // while somebody makes it
  bool derived_failed_ = false;    // nothing can be made of this track
  bool derived_doubtful_ = false;  // its last frames could not be decoded
  Transcoding told_transcoding_ = Transcoding::kWorks;
  std::unique_ptr<transcode::AudioTranscoder> transcoder_;  // on the publisher's loop
  LoopHub* publisher_ = nullptr;                            // on the other loops: who has it
  std::array<bool, kAudioForms> told_uses_{};
  std::vector<AttachedSink> sinks_;
  std::vector<NamedRendition> renditions_;
  std::vector<Link> links_;
  bool carries_packets_ = false;
  PacketCache packets_;
  std::vector<PacketSink*> packet_sinks_;
  std::function<void(uint32_t)> on_key_frame_wanted_;  // of the publication here
};

}  // namespace millrace
